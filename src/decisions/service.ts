import type { Call } from '../domain/contract.js';
import type {
  Decision,
  DecisionFace,
  DecisionLog,
  DecisionLogPage,
  DecisionPage,
  DecisionQuery,
} from '../domain/decision.js';
import type {
  DecisionService,
  ExplainDecisionRequest,
  ListDecisionsRequest,
  ReportedTime,
} from '../domain/decision-service.js';
import { SchedulingError } from '../domain/errors.js';
import { explainDecision } from '../engine-model/explain-decision.js';
import type { Clock } from '../lib/timers.js';
import { reportAgreement } from './agreement.js';
import { faceOfDecisionId } from './decision-id.js';
import type { DecisionPages } from './each-decision.js';
import { reportShadows } from './shadow-report.js';

/** Decisions that are read at once for a page: of 1,000 hosts each they take 1 MB. */
const READ_AT_ONCE = 32;

/**
 * Most candidates in a page of whole decisions: with three units each takes about 80 bytes, so that the page stays below the
 * 4 MiB that a client accepts by default. The first decision of a page is in it however many it has.
 */
export const MAX_PAGE_CANDIDATES = 40_000;

/** Longest time between an engine's call for filters and its call for scores of the same VM, in milliseconds. */
export const FILTERED_WITHIN_MS = 60_000;

/** Time that a report is about by default, in milliseconds. */
const REPORTED_MS = 7 * 24 * 3_600_000;

/** Options of a service of decisions. */
export interface DecisionServiceOptions {
  readonly logs: Readonly<Record<DecisionFace, DecisionLog>>;
  /** Process that answers, such as its machine and where it listens. */
  readonly process: string;
  /** Returns the names of the shadows that run now; none by default. */
  readonly shadowNames?: () => readonly string[];
  /** Dates reports. */
  readonly clock?: Clock;
}

/** The end of a log in a page token. */
const END = 'x';

/** Creates the service of the decisions in two logs. */
export function createDecisionService({
  logs,
  process,
  shadowNames = () => [],
  clock = Date,
}: DecisionServiceOptions): DecisionService {
  async function list(
    request: ListDecisionsRequest,
    { signal }: Pick<Call, 'signal'>,
  ): Promise<DecisionPage> {
    const { query, size, full } = request;
    const tokens = tokensOf(request.token);
    const sources = (['ENGINE', 'GRPC'] as const).map((face, place) =>
      openSource(logs[face], tokens[place], query.face !== undefined && query.face !== face),
    );
    const decisions: Decision[] = [];
    let candidates = 0;
    while (decisions.length < size) {
      const reads = sources.map((source) => source.fill(query, Math.min(READ_AT_ONCE, size), signal));
      // What one log has not looked at yet may be newer than what the other one found.
      if ((await Promise.all(reads)).includes(false)) break;
      const [newest] = sources.filter((source) => source.head() !== undefined).sort(byNewest);
      const decision = newest?.head();
      if (newest === undefined || decision === undefined) break;
      candidates += decision.hosts.length;
      if (full && candidates > MAX_PAGE_CANDIDATES && decisions.length > 0) break;
      decisions.push(decision);
      newest.take();
    }
    const rest = sources.map((source) => source.token());
    return rest.every((token) => token === END)
      ? { decisions }
      : { decisions, nextPageToken: rest.join('_') };
  }

  const pages: DecisionPages = {
    list: (query, { size, token }, signal) => list({ query, size, token, full: false }, { signal }),
    clock,
  };

  function periodOf({ from, to = clock.now() }: ReportedTime) {
    return { from: from ?? to - REPORTED_MS, to };
  }

  async function get(id: string, { signal }: Pick<Call, 'signal'>): Promise<Decision> {
    const log = logs[faceOfDecisionId(id)];
    const decision = await log.get(id, signal);
    if (decision !== undefined) return decision;
    throw new SchedulingError(
      'NOT_FOUND',
      `process ${process} keeps no decision ${JSON.stringify(id)}; list those it has, or ask the process that made it`,
    );
  }

  /** Finds the newest decision that meets a query, however many pages are searched for it. */
  async function newest(query: DecisionQuery, call: Pick<Call, 'signal'>): Promise<Decision | undefined> {
    for (let token: string | undefined; ;) {
      const page = await list({ query, size: 1, token, full: false }, call);
      if (page.decisions[0] !== undefined || page.nextPageToken === undefined) return page.decisions[0];
      token = page.nextPageToken;
    }
  }

  async function named({ id, vmId, vmName }: ExplainDecisionRequest, call: Call): Promise<Decision> {
    if (id !== undefined) return get(id, call);
    const decision = await newest({ vmId, vmName, method: 'SCORE' }, call);
    if (decision !== undefined) return decision;
    throw new SchedulingError(
      'NOT_FOUND',
      `process ${process} keeps no scores for VM ${JSON.stringify(vmId ?? vmName)}: dry runs (call, score) are kept with --record only, ` +
        'or no VM has this name or id; for the answer of another process ask that one',
    );
  }

  async function filteredBefore({ vm, face, time }: Decision, call: Call): Promise<Decision | undefined> {
    if (vm === undefined) return undefined;
    const times = { from: time - FILTERED_WITHIN_MS, to: time + 1 };
    return newest({ vmId: vm.id, face, method: 'FILTER', ...times }, call);
  }

  return {
    process,
    list,
    get,
    watch({ vmId, face, method }, listener) {
      const isWanted = (decision: Decision) =>
        (vmId === undefined || decision.vm?.id === vmId) &&
        (face === undefined || decision.face === face) &&
        (method === undefined || decision.method === method);
      const ends = Object.values(logs).map((log) =>
        log.watch((decision) => {
          if (isWanted(decision)) listener(decision);
        }),
      );
      return () => {
        for (const end of ends) end();
      };
    },
    async explain(request, call) {
      const decision = await named(request, call);
      const { versus } = request;
      const filtered =
        versus === undefined || decision.method !== 'SCORE'
          ? undefined
          : await filteredBefore(decision, call);
      return { decision, explanation: explainDecision(decision, { versus, filtered }) };
    },
    agreement: ({ from, to, face }, { signal, deadline }) =>
      reportAgreement(pages, { ...periodOf({ from, to }), face, signal, deadline }),
    shadows: async ({ from, to, shadow }, { signal, deadline }) => ({
      ...(await reportShadows(pages, { ...periodOf({ from, to }), shadow, signal, deadline })),
      running: shadowNames(),
    }),
  };
}

/** A log that is read from the newest on. */
interface Source {
  /** Makes sure of a head, or of the end. Resolves to false when it looked at much and found nothing. */
  readonly fill: (query: DecisionQuery, size: number, signal: AbortSignal) => Promise<boolean>;
  /** Returns the newest decision that was not taken. */
  readonly head: () => Decision | undefined;
  readonly take: () => void;
  /** Returns the token of what was not taken. */
  readonly token: () => string;
}

function openSource(log: DecisionLog, from: string | undefined, isLeftOut: boolean): Source {
  let page: DecisionLogPage = { decisions: [], tokens: [] };
  let taken = 0;
  let token = isLeftOut ? END : from;
  const head = () => page.decisions[taken];
  return {
    head,
    take() {
      taken++;
    },
    token: () => page.tokens[taken] ?? token ?? '',
    async fill(query, size, signal) {
      if (head() !== undefined || token === END) return true;
      page = await log.list(query, { size, token: token === '' ? undefined : token }, signal);
      taken = 0;
      token = page.nextPageToken ?? END;
      return page.decisions.length > 0 || token === END;
    },
  };
}

function byNewest(left: Source, right: Source): number {
  return (right.head()?.time ?? 0) - (left.head()?.time ?? 0);
}

function tokensOf(token: string | undefined): readonly (string | undefined)[] {
  if (token === undefined) return [];
  const tokens = token.split('_');
  if (tokens.length === 2) return tokens;
  throw new SchedulingError('INVALID_ARGUMENT', 'page_token is none that a page of decisions had');
}
