import { z } from 'zod';

const id = z.int().min(0);

const foundUnit = z.object({
  name: z.string(),
  /** Doc strings of the methods that it has. */
  methods: z.partialRecord(z.enum(['do_filter', 'do_score', 'do_balance']), z.string()),
  properties: z.string(),
});

const workerMessage = z.union([
  z.object({
    ended: id,
    code: z.int().nullable(),
    signal: z.int().nullable(),
    overflow: z.enum(['stdout', 'stderr']).nullable(),
    stdout: z.int().min(0),
  }),
  z.object({ unstarted: id, reason: z.string() }),
  z.object({ ready: z.object({ units: z.array(foundUnit), files: z.array(z.string()) }) }),
  z.object({ failed: z.string() }),
]);

/** What a plugin's process says in the header of a frame; python/hostscore_worker/serve.py explains it. */
export type WorkerMessage = z.infer<typeof workerMessage>;

/** A class of a plugin that is a unit of one or more types. */
export type FoundUnit = z.infer<typeof foundUnit>;

/** The method of a class that makes it a unit of a type. */
export type PluginMethod = keyof FoundUnit['methods'];

/** Checks a header. Throws for anything else. */
export function readWorkerMessage(header: unknown): WorkerMessage {
  return workerMessage.parse(header);
}
