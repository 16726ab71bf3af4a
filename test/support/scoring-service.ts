import type { PolicyUnitService } from '../../src/domain/contract.js';
import { startRpcServer, type RpcServer } from '../../src/rpc/server.js';
import { memoryLog } from './log.js';
import { serverSettings } from './server-settings.js';
import { unitList } from './unit-list.js';
import { SNAPSHOT_TIME } from './world.js';

/** A scoring service over gRPC, as another team may have written it. */
export interface ScoringService {
  readonly server: RpcServer;
  readonly target: string;
  readonly stop: () => Promise<void>;
}

/** A service of one score unit that gives every host the same score, and knows every host. */
export function constantService(unit: string, score = 40): PolicyUnitService {
  return {
    listPolicyUnits: () =>
      Promise.resolve(
        unitList([
          {
            name: unit,
            type: 'SCORE',
            description: `Always ${score}.`,
            properties: [],
            direction: 'HIGHER_IS_BETTER',
          },
        ]),
      ),
    scoreHosts({ hosts, units }) {
      const ids = hosts === 'ALL_UP' ? [] : [...new Set(hosts)];
      const weight = units.reduce((sum, { weight }) => sum + weight, 0);
      return Promise.resolve({
        scores: ids.map((hostId) => ({ hostId, score: weight * score })),
        unitResults: units.map(({ name }) => ({ unit: name, value: ids.map(() => score) })),
        unknownHostIds: [],
        snapshotTime: SNAPSHOT_TIME,
      });
    },
    filterHosts: ({ hosts }) =>
      Promise.resolve({
        hostIds: hosts === 'ALL_UP' ? [] : [...new Set(hosts)],
        unitResults: [],
        snapshotTime: SNAPSHOT_TIME,
      }),
    balanceHosts: () => Promise.resolve({ snapshotTime: SNAPSHOT_TIME }),
  };
}

/** Serves it on a free port, or on this one. */
export async function startScoringService(service: PolicyUnitService, port = 0): Promise<ScoringService> {
  const settings = serverSettings({ listen: { host: '127.0.0.1', port } });
  const server = await startRpcServer({ service, settings, log: memoryLog() });
  return { server, target: server.address, stop: () => server.close(0) };
}
