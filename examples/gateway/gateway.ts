// Picks a host for a virtual machine: one that every filter accepts, with the highest score.
// Usage: node gateway.js VM [HOST:PORT]
import { createClient, SchedulingError, type HostScore } from 'hostscore';

const [name = '', target = '127.0.0.1:50051'] = process.argv.slice(2);
const client = createClient(target);
const options = { timeoutMs: 2000 };

async function pick(): Promise<HostScore> {
  const [vm] = (await client.listVms({ name }, options)).vms;
  if (vm === undefined) throw new Error(`no VM that runs is named ${name}`);
  const { host_ids } = await client.filterHosts({ vm_id: vm.id, all_hosts: true }, options);
  const asked = { vm_id: vm.id, host_ids, explain: true };
  const { scores, unit_results } = await client.scoreHosts(asked, options);
  for (const { unit, failure } of unit_results) {
    if (failure) console.warn(`without ${unit}: ${failure.message}`);
  }
  const [best] = scores.toSorted((left, right) => (right.score ?? 0) - (left.score ?? 0));
  if (best === undefined) throw new Error(`no host suits ${name}`);
  return best;
}

try {
  const { host_name, host_id, score, reasons } = await pick();
  console.log(`${name} goes to ${host_name ?? host_id}: ${score ?? 0}`);
  for (const { unit, text } of reasons) console.log(`  ${unit}: ${text}`);
} catch (error) {
  console.error(error instanceof SchedulingError ? `${error.code}: ${error.message}` : error);
  process.exitCode = 1;
} finally {
  client.close();
}
