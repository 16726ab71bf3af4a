import type { PolicyUnitService } from '../../src/domain/contract.js';
import type { Member } from '../../src/composite/member.js';
import { createComposite, type Composite } from '../../src/composite/service.js';
import { createRpcClient } from '../../src/rpc/client.js';
import { startRpcServer } from '../../src/rpc/server.js';
import { fixtureService } from '../contract/fixture.js';
import { describePolicyUnitService } from '../contract/policy-unit-service.js';
import { settingsOf } from './stage.js';
import { memoryLog } from '../support/log.js';
import { serverSettings } from '../support/server-settings.js';

/** Closed from the end to the beginning. */
type Closers = (() => unknown)[];

async function remoteMember(
  name: string,
  service: PolicyUnitService,
  closers: Closers,
  options: Partial<Member> = {},
): Promise<Member> {
  const server = await startRpcServer({ service, settings: serverSettings(), log: memoryLog() });
  const client = createRpcClient({ target: server.address });
  closers.push(
    () => server.close(0),
    () => client.close(),
  );
  return { name, service: client, remote: true, ...options };
}

async function compose(members: readonly Member[], closers: Closers): Promise<Composite> {
  const composite = createComposite({ members, settings: settingsOf(), log: memoryLog() });
  closers.push(() => composite.close());
  composite.start();
  await composite.firstListing;
  return composite;
}

async function closeAll(closers: Closers): Promise<void> {
  for (const close of closers.splice(0).reverse()) await close();
}

/** The units of the fixture, split so that every request of the suite that names several meets both services. */
const ALPHA = ['ksm_same_os_score', 'score_140', 'rejects_host_2', 'rejects_all'];
const BETA = ['accept_all_hosts', 'constant_50', 'throws', 'move_first'];

function split(closers: Closers): Promise<Member[]> {
  return Promise.all([
    remoteMember('alpha', fixtureService(), closers, { units: ALPHA }),
    remoteMember('beta', fixtureService(), closers, { units: BETA }),
  ]);
}

describePolicyUnitService('composite of one local service', () => {
  const members = [{ name: 'engine', service: fixtureService(), remote: false }];
  const composite = createComposite({ members, settings: settingsOf(), log: memoryLog() });
  return { service: composite, close: composite.close };
});

describePolicyUnitService('composite of two services over gRPC that split the units', async () => {
  const closers: Closers = [];
  const service = await compose(await split(closers), closers);
  return { service, close: () => closeAll(closers) };
});

describePolicyUnitService('composite of a composite over gRPC', async () => {
  const closers: Closers = [];
  const inner = await compose(await split(closers), closers);
  const service = await compose([await remoteMember('inner', inner, closers)], closers);
  return { service, close: () => closeAll(closers) };
});
