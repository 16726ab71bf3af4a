import { fixtureService } from '../contract/fixture.js';
import { describePolicyUnitService } from '../contract/policy-unit-service.js';
import { createRpcClient } from '../../src/rpc/client.js';
import { startRpcServer } from '../../src/rpc/server.js';
import { memoryLog } from '../support/log.js';
import { serverSettings } from '../support/server-settings.js';

describePolicyUnitService('policy service over loopback gRPC', async () => {
  const server = await startRpcServer({
    service: fixtureService(),
    settings: serverSettings(),
    log: memoryLog(),
  });
  const client = createRpcClient({ target: server.address });
  return {
    service: client,
    async close() {
      client.close();
      await server.close(0);
    },
  };
});
