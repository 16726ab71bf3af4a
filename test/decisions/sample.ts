import { createDecisionIds } from '../../src/decisions/decision-id.js';
import type {
  DecidedHost,
  DecidedUnit,
  Decision,
  DecisionLog,
  DecisionQuery,
} from '../../src/domain/decision.js';

const makeId = createDecisionIds();

/** An id of a host or VM, by number. */
export const uuid = (n: number): string => `00000000-0000-4000-8000-${n.toString(16).padStart(12, '0')}`;

/** Hosts host-0, host-1 and so on. */
export const hostsNamed = (count: number, from = 0): readonly DecidedHost[] =>
  Array.from({ length: count }, (_, n) => ({ id: uuid(from + n), name: `host-${from + n}.example.org` }));

/** A score unit whose values count up from `first`. */
export const scoreUnit = (name: string, hosts: number, first = 0): DecidedUnit => ({
  name,
  weight: 2,
  direction: 'HIGHER_IS_BETTER',
  values: Array.from({ length: hosts }, (_, n) => (first + n) % 101),
});

const SOME_HOSTS = hostsNamed(3);

/** A decision of an engine at a time, about VM 7 over three hosts unless told otherwise. */
export function decisionAt(time: number, given: Partial<Decision> = {}): Decision {
  const face = given.face ?? 'ENGINE';
  const hosts = given.hosts ?? SOME_HOSTS;
  return {
    id: makeId(face, time),
    time,
    durationMs: 1.5,
    requestId: 'engine-1',
    face,
    method: 'SCORE',
    vm: { id: uuid(7), name: 'vm-7', os: 'rhel_9x64', clusterId: uuid(99) },
    policyHash: 'a1b2c3d4',
    properties: new Map(),
    snapshots: [{ time: time - 100, eventId: 12 }],
    hosts,
    unknownHostIds: [],
    units: [scoreUnit('same_os', hosts.length)],
    reasons: [],
    ...given,
  };
}

/** A decision with maps and packed arrays as plain arrays, and without what is undefined, to be compared. */
export function plain(decision: Decision | undefined): unknown {
  const text = JSON.stringify(decision ?? null, (_, value: unknown) =>
    value instanceof Map || value instanceof Uint8Array || value instanceof Int32Array ? [...value] : value,
  );
  return JSON.parse(text);
}

const { signal } = new AbortController();

/** Every decision that a query finds, page by page. */
export async function everyPage(
  log: DecisionLog,
  query: DecisionQuery = {},
  size = 7,
): Promise<readonly Decision[]> {
  const all: Decision[] = [];
  for (let token: string | undefined; ;) {
    const page = await log.list(query, { size, token }, signal);
    all.push(...page.decisions);
    if (page.nextPageToken === undefined) return all;
    token = page.nextPageToken;
  }
}
