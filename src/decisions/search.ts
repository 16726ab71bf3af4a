import type { Decision, DecisionLogPage, DecisionQuery, Outcome, ShadowResult } from '../domain/decision.js';
import { SchedulingError } from '../domain/errors.js';
import { createLru } from '../lib/lru.js';
import { timeOfDecisionId } from './decision-id.js';
import type { HostDictionary } from './host-dictionary.js';
import {
  decisionOf,
  isLineOf,
  isWhole,
  keyOfVm,
  keyOfVmName,
  parseLine,
  timeOfSuperseding,
} from './record.js';
import type { Segment } from './segment.js';
import { blockOfDecision, blocksBefore, blocksFrom, decisionsThrough } from './segment-index.js';

/** Most blocks that are searched for a page: about 4 MiB of text, a tenth of a second. */
export const MAX_BLOCKS_A_PAGE = 64;

/** Time after a decision in which its outcome comes, in ms, with room for the writing. */
const OUTCOME_WITHIN_MS = 11 * 60 * 1000;

/** Most blocks that are searched for what became of a decision: an engine tries a VM a few times in ten minutes. */
const MAX_OUTCOME_BLOCKS = 16;

/** Most blocks that may hold an id: one, and more only where the clock was set back. */
const MAX_ID_BLOCKS = 32;

/** Blocks that are kept unpacked: 2 MiB. A page reads its blocks again for the outcomes. */
const KEPT_BLOCKS = 32;

/** Dictionaries that are kept: of 1,000 hosts each takes a few hundred KiB. */
const KEPT_DICTIONARIES = 8;

/** A search over segments. */
export interface Search {
  readonly get: (id: string) => Promise<Decision | undefined>;
  readonly list: (
    query: DecisionQuery,
    page: { readonly size: number; readonly token?: string | undefined },
    signal: AbortSignal,
  ) => Promise<DecisionLogPage>;
}

/** A place among the decisions: everything before it is older. It stays the same when its segment is sealed. */
interface Place {
  readonly segment: number;
  /** Counted from 0 within the segment. */
  readonly ordinal: number;
}

/** A block of a segment. */
interface Found {
  readonly segment: Segment;
  readonly block: number;
}

/** Conditions that a block's index tells. */
interface Conditions {
  readonly key?: number | undefined;
  readonly from: number;
  readonly to: number;
}

/** Creates a search over the segments that `segments` returns, the oldest first. */
export function createSearch(segments: () => readonly Segment[]): Search {
  const blocks = createLru<string, readonly string[]>(KEPT_BLOCKS);
  const dictionaries = createLru<Segment, Promise<HostDictionary>>(KEPT_DICTIONARIES);

  async function linesOf({ segment, block }: Found): Promise<readonly string[]> {
    const { offset = 0, bytes = 0 } = segment.index.blocks[block] ?? {};
    const key = `${segment.number} ${segment.bytes} ${offset} ${bytes}`;
    const known = blocks.get(key);
    if (known !== undefined) return known;
    const lines = (await segment.lines(block)).filter(isWhole);
    blocks.set(key, lines);
    return lines;
  }

  function dictionaryOf(segment: Segment): Promise<HostDictionary> {
    const known = dictionaries.get(segment);
    if (known !== undefined) return known;
    const dictionary = segment.dictionary();
    dictionaries.set(segment, dictionary);
    dictionary.catch(() => dictionaries.delete(segment));
    return dictionary;
  }

  function decode(line: string, dictionary: HostDictionary): Decision | undefined {
    const record = parseLine(line);
    if (record?.kind !== 'decision') return undefined;
    try {
      return decisionOf(record, dictionary);
    } catch {
      return undefined;
    }
  }

  /** Returns the lines of a block's decisions as its index counts them: without those of which it could make nothing. */
  function decisionLines(
    { segment, block }: Found,
    lines: readonly string[],
    dictionary: HostDictionary,
  ): readonly string[] {
    const found = lines.filter((line) => isLineOf(line, 'decision'));
    const { decisions = 0 } = segment.index.blocks[block] ?? {};
    if (found.length === decisionsThrough(segment.index, block) - decisions) return found;
    return found.filter((line) => decode(line, dictionary) !== undefined);
  }

  /** Adds the outcome and the shadows, which stand after the decision, in the blocks that have its VM's key. */
  async function complete(decision: Decision, place: Place): Promise<Decision> {
    const key = keyOfVm(decision.vm?.id ?? decision.id);
    let outcome: Outcome | undefined;
    const shadows: ShadowResult[] = [];
    for (const lines of await Promise.all(laterBlocks(key, decision.time, place).map(linesOf)))
      for (const line of lines) {
        const time = timeOfSuperseding(line, decision.id);
        if (time !== undefined) outcome = { time, unmatched: 'SUPERSEDED' };
        if (!isLineOf(line, 'outcome', decision.id) && !isLineOf(line, 'shadow', decision.id)) continue;
        const record = parseLine(line);
        if (record?.kind === 'outcome') outcome = record.outcome;
        if (record?.kind === 'shadow') shadows.push(record.result);
      }
    return {
      ...decision,
      ...(outcome !== undefined && { outcome }),
      ...(shadows.length > 0 && { shadows }),
    };
  }

  function laterBlocks(key: number, time: number, place: Place): readonly Found[] {
    const found: Found[] = [];
    for (const segment of segments()) {
      if (segment.number < place.segment) continue;
      const start = segment.number === place.segment ? blockOfDecision(segment.index, place.ordinal) : 0;
      for (const block of blocksFrom(segment.index, start, key)) {
        const { from = 0, to = 0 } = segment.index.blocks[block] ?? {};
        if ((from <= to && from > time + OUTCOME_WITHIN_MS) || found.length >= MAX_OUTCOME_BLOCKS)
          return found;
        found.push({ segment, block });
      }
      const { from = 0, to = 0 } = segment.index.blocks.at(-1) ?? {};
      if (from <= to && from > time + OUTCOME_WITHIN_MS) return found;
    }
    return found;
  }

  /** Finds the newest block before a place that may hold what is sought. */
  function blockBefore(place: Place, { key, from, to }: Conditions): Found | undefined {
    for (const segment of segments().toReversed()) {
      const { index, number } = segment;
      if (number > place.segment) continue;
      const end =
        number < place.segment ? index.blocks.length : blockOfDecision(index, place.ordinal - 1) + 1;
      for (const block of blocksBefore(index, end, key)) {
        const facts = index.blocks[block];
        if (facts !== undefined && facts.from <= facts.to && facts.from < to && facts.to >= from)
          return { segment, block };
      }
    }
    return undefined;
  }

  return {
    async get(id) {
      const time = timeOfDecisionId(id);
      if (time === undefined) return undefined;
      const holds = ({ from, to }: { readonly from: number; readonly to: number }) =>
        from <= time && time <= to;
      const candidates = segments()
        .toReversed()
        .flatMap((segment) =>
          segment.index.blocks.flatMap((facts, block) => (holds(facts) ? [{ segment, block }] : [])),
        )
        .slice(0, MAX_ID_BLOCKS);
      const read = candidates.map(async (found) => {
        const [lines, dictionary] = await Promise.all([linesOf(found), dictionaryOf(found.segment)]);
        return { found, lines, dictionary };
      });
      for (const { found, lines, dictionary } of await Promise.all(read)) {
        const decisions = decisionLines(found, lines, dictionary);
        const nth = decisions.findIndex((line) => isLineOf(line, 'decision', id));
        if (nth < 0) continue;
        const decision = decode(decisions[nth] ?? '', dictionary);
        const before = found.segment.index.blocks[found.block]?.decisions ?? 0;
        if (decision !== undefined)
          return complete(decision, { segment: found.segment.number, ordinal: before + nth });
      }
      return undefined;
    },
    async list(query, { size, token }, signal) {
      const { vmId, vmName, from = -Infinity, to = Infinity } = query;
      const key = vmId !== undefined ? keyOfVm(vmId) : vmName !== undefined ? keyOfVmName(vmName) : undefined;
      const conditions = { key, from, to };
      const decisions: Decision[] = [];
      const tokens: string[] = [];
      let place = token === undefined ? { segment: Infinity, ordinal: 0 } : placeOf(token);
      for (let read = 0; read < MAX_BLOCKS_A_PAGE && decisions.length < size; read++) {
        signal.throwIfAborted();
        const found = blockBefore(place, conditions);
        if (found === undefined) return { decisions, tokens };
        const { segment, block } = found;
        const [lines, dictionary] = await Promise.all([linesOf(found), dictionaryOf(segment)]);
        const first = segment.index.blocks[block]?.decisions ?? 0;
        const lineUp = decisionLines(found, lines, dictionary);
        let ordinal = Math.min(
          decisionsThrough(segment.index, block),
          first + lineUp.length,
          place.segment === segment.number ? place.ordinal : Infinity,
        );
        for (; ordinal > first && decisions.length < size; ordinal--) {
          const line = lineUp[ordinal - 1 - first] ?? '';
          if (vmId !== undefined && !line.includes(vmId)) continue;
          const decision = decode(line, dictionary);
          if (decision === undefined || !isWanted(decision, query)) continue;
          const whole = await complete(decision, { segment: segment.number, ordinal: ordinal - 1 });
          if (query.outcome !== undefined && query.outcome !== stateOf(whole)) continue;
          decisions.push(whole);
          tokens.push(tokenOf({ segment: segment.number, ordinal }));
        }
        place = { segment: segment.number, ordinal };
      }
      if (blockBefore(place, conditions) === undefined) return { decisions, tokens };
      return { decisions, tokens, nextPageToken: tokenOf(place) };
    },
  };
}

function tokenOf({ segment, ordinal }: Place): string {
  return `${segment}.${ordinal}`;
}

function placeOf(token: string): Place {
  const [, segment, ordinal] = /^(\d{1,8})\.(\d{1,10})$/.exec(token) ?? [];
  if (segment === undefined || ordinal === undefined)
    throw new SchedulingError('INVALID_ARGUMENT', 'page_token is none that a page of decisions had');
  return { segment: Number(segment), ordinal: Number(ordinal) };
}

function isWanted(decision: Decision, query: DecisionQuery): boolean {
  const { face, method, vmId, vmName, hostId, from, to, failedUnit } = query;
  return (
    (face === undefined || decision.face === face) &&
    (method === undefined || decision.method === method) &&
    (vmId === undefined || decision.vm?.id === vmId) &&
    (vmName === undefined || decision.vm?.name?.toLowerCase() === vmName.toLowerCase()) &&
    (hostId === undefined || decision.hosts.some(({ id }) => id === hostId)) &&
    (from === undefined || decision.time >= from) &&
    (to === undefined || decision.time < to) &&
    (failedUnit === undefined || decision.units.some((unit) => 'failure' in unit && unit.name === failedUnit))
  );
}

function stateOf({ outcome }: Decision): NonNullable<DecisionQuery['outcome']> {
  if (outcome === undefined) return 'NONE';
  if ('unmatched' in outcome) return 'UNMATCHED';
  return outcome.rank === 1 ? 'BEST' : 'OTHER';
}
