import { randomUUID } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import type { FaultsInput } from '../../src/simulator/faults.js';
import type { Load } from './load.js';
import type { Name, Site } from './site.js';

/** Something that happens to a site in production. */
export interface Event {
  readonly name: string;
  /** True when a process is started anew by it: its memory is not that of a process that ran all the time. */
  readonly restarts?: true;
  /** Does it. Rejects when what has to come of it does not. */
  readonly start: () => Promise<void>;
  /** Ends it, after a time in which it lasts. */
  readonly undo?: () => Promise<void>;
}

/** Age at which connections between the services end, with its tenth more, in ms. */
const CONNECTION_AGE_MS = 4000;

/** Time for which a process is gone, in ms. */
const DEAD_MS = 500;

const RELOADED = /(?<!not )reloaded/;

/** Faults of the engine, by what they are. */
const FAULTS: Readonly<Record<string, FaultsInput>> = {
  'is slow': { latency: { ms: 2000 } },
  'answers 500': { status: { code: 500 } },
  'asks for patience (503)': { status: { code: 503, retryAfter: 1 } },
  'cuts answers': { cut: { afterBytes: 100, how: 'close' } },
  'ends answers early': { cut: { afterBytes: 100, how: 'end' } },
  'resets connections': { reset: {} },
  'never answers': { hang: {} },
  'answers with a page': { body: { kind: 'html' } },
  'forgets sessions': { expiredTokens: { requests: 3 } },
  'loses events': { missingEvents: { every: 2 } },
  'has events late': { lateEvents: { ms: 1500 }, idGaps: { every: 3, ids: 5 } },
};

/** Makes the table of what happens to a site, those that start a process anew first. */
export function eventsOf(site: Site, load: Load): readonly Event[] {
  const restart = (name: Exclude<Name, 'face'>, signal: 'SIGTERM' | 'SIGKILL'): Event => ({
    name: `${name}: ${signal}`,
    restarts: true,
    async start() {
      await site.stop(name, signal);
      await setTimeout(DEAD_MS);
      await site.start(name);
    },
  });
  const restartFace = (signal: 'SIGTERM' | 'SIGKILL'): Event => ({
    name: `face: ${signal}`,
    restarts: true,
    async start() {
      const isBack = load.faceGoes(signal === 'SIGKILL');
      await site.stop('face', signal);
      await setTimeout(DEAD_MS);
      await site.start('face');
      isBack();
    },
  });
  /** Gives every process that has a configuration this one in addition, and waits until it says so. */
  async function reconfigure(more: object, words: RegExp): Promise<void> {
    for (const name of ['reader', 'replica', 'face'] as const) {
      site.takeLog(name);
      site.configure(name, more);
      site.running(name).child.kill('SIGHUP');
      await site.said(name, words);
    }
  }
  let authorityAlone: () => void = () => undefined;

  return [
    restart('reader', 'SIGTERM'),
    restart('reader', 'SIGKILL'),
    restart('replica', 'SIGTERM'),
    restart('replica', 'SIGKILL'),
    restartFace('SIGTERM'),
    restartFace('SIGKILL'),
    restart('engine', 'SIGKILL'),
    {
      name: 'disk full',
      async start() {
        site.disk.fill();
        await site.said('face', /decisions not kept/);
      },
      async undo() {
        site.disk.free();
        await site.said('face', /decisions kept again/);
      },
    },
    {
      name: 'certificate renewed',
      async start() {
        site.renew();
        await site.showsCertificate();
      },
    },
    {
      name: 'authority replaced',
      async start() {
        authorityAlone = site.replaceAuthority();
        // Connections that were made before have ended.
        await setTimeout(CONNECTION_AGE_MS);
        site.renew();
        await site.showsCertificate();
      },
      async undo() {
        authorityAlone();
        await site.showsCertificate();
      },
    },
    {
      // Not back to one of before: a password that was refused is not tried again within a minute.
      name: 'password changed',
      async start() {
        const password = randomUUID();
        await site.control.password(password);
        await site.control.faults({ expiredTokens: { requests: 1 } });
        await site.said('reader', /engine login refused/);
        site.replace('password', password);
      },
    },
    {
      name: 'configuration changed',
      start: () => reconfigure({ policies: { dense: { scores: { ksm_same_os_score: 2 } } } }, RELOADED),
      undo: () => reconfigure({}, RELOADED),
    },
    {
      name: 'configuration spoilt',
      start: () => reconfigure({ inventory: { relistInterval: 'never' } }, /not reloaded/),
      undo: () => reconfigure({}, RELOADED),
    },
    ...Object.entries(FAULTS).map(([name, faults]) => ({
      name: `engine ${name}`,
      start: () => site.control.faults(faults),
      undo: () => site.control.faults({}),
    })),
    {
      name: 'engine restored from a backup',
      start: () => site.control.restoreEvents(1),
    },
  ];
}
