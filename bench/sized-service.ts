import { policyUnitMethods } from '../src/rpc/proto.js';
import { generatedWorld } from '../src/simulator/generated-world.js';
import { seededRandom } from '../src/simulator/seeded-random.js';
import { startEngine, startService, type Measured, type MeasuredService } from './processes.js';

/** A service over a pretend engine of some size, each in a process of its own. */
export interface SizedService {
  readonly engine: Measured;
  readonly service: MeasuredService;
  readonly hostIds: readonly string[];
  readonly vmId: string;
  readonly stop: () => Promise<void>;
}

/** A unit that every benchmark of one unit asks for. */
export const UNIT = 'ksm_same_os_score';

/** Path of the unary method. */
export const SCORE_HOSTS = policyUnitMethods.ScoreHosts.path;

const SEED = 7;
const VMS_A_HOST = 20;

/** Starts a service over that many hosts with 20 VMs each. It reads them once: no reading falls into a round. */
export async function startSized(hosts: number, flags: readonly string[] = []): Promise<SizedService> {
  const vms = hosts * VMS_A_HOST;
  const engine = await startEngine(`${hosts}x${vms}:${SEED}`);
  const calm = [
    '--inventory-event-interval',
    '0s',
    '--inventory-refresh-interval',
    '1h',
    '--inventory-max-staleness',
    '2h',
  ];
  const service = await startService(engine.found, [...calm, ...flags]);
  const world = generatedWorld({ hosts, vms, seed: SEED });
  return {
    engine,
    service,
    hostIds: world.hostsByName().map(({ id }) => id),
    vmId: world.vmsByName().find(({ hostId }) => hostId !== undefined)?.id ?? '',
    async stop() {
      await service.stop();
      await engine.stop();
    },
  };
}

/** Returns an encoded request for the scores of all hosts, in another order at each turn; all units by default. */
export function scoreRequest(
  { hostIds, vmId }: Pick<SizedService, 'hostIds' | 'vmId'>,
  {
    units = [],
    turn = 0,
    explain = false,
  }: { units?: readonly string[]; turn?: number; explain?: boolean } = {},
): Buffer {
  const random = seededRandom(turn);
  const order = hostIds.map((id) => ({ id, key: turn === 0 ? 0 : random.below(2 ** 31) }));
  return policyUnitMethods.ScoreHosts.requestSerialize({
    vm_id: vmId,
    host_ids: order.sort((left, right) => left.key - right.key).map(({ id }) => id),
    units: units.map((name) => ({ name, weight: 1 })),
    explain,
  });
}
