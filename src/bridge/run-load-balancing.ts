import type { Migration, PolicyUnitService } from '../domain/contract.js';
import { contractViolation } from '../domain/errors.js';
import type { XmlRpcValue } from '../engine-model/value.js';
import { quoted } from '../lib/text.js';
import { parseUuid } from '../lib/uuid.js';
import type { ArgumentReader, AskedHosts } from './arguments.js';
import type { BridgeMethod } from './method.js';
import { brokenUnit, engineReply } from './reply.js';

/** Options of runLoadBalancing. */
export interface RunLoadBalancingOptions {
  readonly service: Pick<PolicyUnitService, 'balanceHosts'>;
  readonly read: ArgumentReader['balance'];
}

/** The answer when there is nothing to do. */
const NOTHING: XmlRpcValue = ['', []];

/** Creates runLoadBalancing, which proposes one migration, or `['', []]`. */
export function createRunLoadBalancing({ service, read }: RunLoadBalancingOptions): BridgeMethod {
  return {
    name: 'runLoadBalancing',
    help:
      'Proposes a migration that balances the load. Arguments: name of a balance unit, ids of hosts, properties of the ' +
      "scheduling policy. Answers {result_code, result: [VM id, [host id]], plugin_errors, errors}; ['', []]: nothing to do.",
    signatures: [
      ['struct', 'string', 'array', 'struct'],
      ['struct', 'string', 'array', 'nil'],
    ],
    async run(params, ask) {
      const { balancer: unit, hosts, properties } = read(params);
      if (hosts.ids.length === 0) return { answer: engineReply(NOTHING) };
      const sent = { units: [unit], facts: () => ({ unit, hosts: hosts.ids.length }) };
      try {
        const { migration } = await ask((call) =>
          service.balanceHosts({ unit, hostIds: hosts.ids, properties }, call),
        );
        return { ...sent, answer: engineReply(migration === undefined ? NOTHING : pairOf(migration, hosts)) };
      } catch (thrown) {
        const failed = [brokenUnit(unit, thrown)];
        return { ...sent, answer: engineReply(NOTHING, failed), failed };
      }
    },
  };
}

/** Converts a migration to the engine's spelling of ids. Throws a contract violation for one that the engine can't read. */
function pairOf(migration: Migration, { ids, texts }: AskedHosts): XmlRpcValue {
  const vmId = parseUuid(migration.vmId);
  if (vmId === undefined) throw contractViolation(`VM ${quoted(migration.vmId)} is no UUID`);
  const candidates = migration.candidateHostIds.map((id) => {
    const text = texts[ids.indexOf(id)];
    if (text === undefined) throw contractViolation(`host ${quoted(id)} was not asked about`);
    return text;
  });
  if (candidates.length === 0) throw contractViolation(`VM ${vmId} has no host to go to`);
  return [vmId, candidates];
}
