// A scoring service that lists a unit and never answers when it is asked to score: it waits for the end of the call.
import { serverSection } from '../src/config/sections.js';
import { startRpcServer } from '../src/rpc/server.js';

const never = () => new Promise<never>(() => undefined);
const server = await startRpcServer({
  service: {
    listPolicyUnits: () =>
      Promise.resolve({
        units: [
          { name: 'hangs', type: 'SCORE', description: '', properties: [], direction: 'HIGHER_IS_BETTER' },
        ],
        problems: [],
        hasInventory: false,
      }),
    scoreHosts: never,
    filterHosts: never,
    balanceHosts: never,
  },
  settings: { ...serverSection.parse({}), listen: { host: '127.0.0.1', port: 0 } },
  log: { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined },
});
console.log(`listening on ${server.address} now`);
