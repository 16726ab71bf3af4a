import type {
  Call,
  Direction,
  PolicyUnit,
  PolicyUnitService,
  PolicyUnitType,
  ScoreHostsRequest,
} from '../../src/domain/contract.js';
import { compositeSection, type CompositeSettings } from '../../src/config/sections.js';
import type { Registry } from '../../src/composite/registry-file.js';
import { createComposite, type Composite, type CompositeOptions } from '../../src/composite/service.js';
import { SchedulingError, type SchedulingErrorCode } from '../../src/domain/errors.js';
import { createFakeTime, type FakeTime } from '../inventory/fake-time.js';
import { memoryLog } from '../support/log.js';
import { unitList } from '../support/unit-list.js';
import { hostId, SNAPSHOT_TIME, vmId } from '../support/world.js';

/** A unit as a service lists it. */
export function offered(type: PolicyUnitType, name: string, direction?: Direction): PolicyUnit {
  const unit = { type, name, description: `${name} of a test`, properties: [] };
  return type === 'SCORE' ? { ...unit, direction: direction ?? 'HIGHER_IS_BETTER' } : unit;
}

/** Methods to be called in place of the usual ones. */
type Replacements = { -readonly [Name in keyof PolicyUnitService]?: PolicyUnitService[Name] };

/** A service whose units can be changed and whose methods can be replaced while it is used. */
export interface ScriptedService extends PolicyUnitService {
  units: readonly PolicyUnit[];
  /** Replaced methods; the others give each host 10 x its place, accept all, and propose nothing. */
  readonly methods: Replacements;
  /** What arrived, in order. */
  readonly received: {
    readonly method: keyof PolicyUnitService;
    readonly request?: unknown;
    readonly call: Call;
  }[];
  /** How many calls of a method arrived. */
  readonly count: (method: keyof PolicyUnitService) => number;
}

/** Makes a service that offers these score units. */
export function scripted(...names: (string | PolicyUnit)[]): ScriptedService {
  const received: ScriptedService['received'] = [];
  const methods: Replacements = {};
  const self: ScriptedService = {
    units: names.map((name) => (typeof name === 'string' ? offered('SCORE', name) : name)),
    methods,
    received,
    count: (method) => received.filter((one) => one.method === method).length,
    async listPolicyUnits(call) {
      received.push({ method: 'listPolicyUnits', call });
      return methods.listPolicyUnits?.(call) ?? unitList(self.units);
    },
    async scoreHosts(request, call) {
      received.push({ method: 'scoreHosts', request, call });
      return methods.scoreHosts?.(request, call) ?? tens(request);
    },
    async filterHosts(request, call) {
      received.push({ method: 'filterHosts', request, call });
      const hostIds = request.hosts === 'ALL_UP' ? [] : request.hosts;
      return (
        methods.filterHosts?.(request, call) ?? {
          hostIds,
          unitResults: request.units.map((unit) => ({ unit, value: hostIds })),
          snapshotTime: SNAPSHOT_TIME,
        }
      );
    },
    async balanceHosts(request, call) {
      received.push({ method: 'balanceHosts', request, call });
      return methods.balanceHosts?.(request, call) ?? { snapshotTime: SNAPSHOT_TIME };
    },
  };
  return self;
}

/** Each host 10 x its place in the request, by every unit. */
export function tens({ hosts, units, explain }: ScoreHostsRequest) {
  const ids = hosts === 'ALL_UP' ? [hostId(1), hostId(2)] : hosts;
  const values = ids.map((_, place) => 10 * place);
  return {
    scores: ids.map((hostId, place) => ({ hostId, score: units.length * 10 * place })),
    unitResults: units.map(({ name }) => ({ unit: name, value: values })),
    ...(explain
      ? {
          explanation: {
            hostName: (place: number) => `name of ${place}`,
            reasons: (place: number) =>
              units.map(({ name }) => ({ unit: name, text: `${name} says ${10 * place}` })),
          },
        }
      : {}),
    unknownHostIds: [],
    snapshotTime: SNAPSHOT_TIME,
  };
}

/** A method that never answers, whatever becomes of its signal. */
export function hang(): Promise<never> {
  return new Promise(() => undefined);
}

/** A method that fails in one way. */
export function failWith(code: SchedulingErrorCode, message: string) {
  return () => Promise.reject(new SchedulingError(code, message));
}

/** A request of hosts 1 and 2. */
export function scoreRequest(part: Partial<ScoreHostsRequest> = {}): ScoreHostsRequest {
  return {
    vmId: vmId(1),
    hosts: [hostId(1), hostId(2)],
    units: [],
    properties: new Map(),
    assumedPlacements: [],
    explain: false,
    ...part,
  };
}

/** The settings that a composite has unless the configuration says otherwise. */
export function settingsOf(part: Partial<CompositeSettings> = {}): CompositeSettings {
  return { ...compositeSection.parse({}), ...part };
}

/** What is remembered of services that listed these units; keeps what is saved. */
export function storeOf(remembered: Readonly<Record<string, readonly PolicyUnit[]>>) {
  const saved: Registry[] = [];
  const records = Object.entries(remembered).map(
    ([name, units]) => [name, { listedAt: 0, units, gone: [] }] as const,
  );
  return {
    saved,
    remembered: new Map(records),
    save: (registry: Registry) => void saved.push(registry),
    problems: () => [],
  };
}

/** A composite of a test, on a clock of its own. */
export interface Stage {
  readonly composite: Composite;
  readonly time: FakeTime;
  readonly log: ReturnType<typeof memoryLog>;
  /** Log lines of one event, as `level: fields`. */
  readonly logged: (
    event: string,
  ) => readonly { readonly level: string; readonly [field: string]: unknown }[];
}

/** Makes a composite, starts it, and lets the first listing end. With `throttled`, its log holds back what repeats. */
export async function startStage(
  members: CompositeOptions['members'],
  { throttled = false, ...options }: Partial<CompositeOptions> & { readonly throttled?: boolean } = {},
): Promise<Stage> {
  const time = createFakeTime();
  const { clock, after } = time;
  const log = memoryLog(throttled ? { clock, after } : undefined);
  const composite = createComposite({ members, settings: settingsOf(), log, clock, after, ...options });
  composite.start();
  await time.advance(0);
  return {
    composite,
    time,
    log,
    logged: (event) =>
      log.lines.filter((line) => line.event === event).map(({ level, fields }) => ({ level, ...fields })),
  };
}
