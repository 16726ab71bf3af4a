// Opens a log of decisions as a service does, in a process of its own, and prints how long that and searches take, and what
// memory they take. Usage: node decision-reader.mjs DIR VM...
import { performance } from 'node:perf_hooks';
import { openDecisionLog } from '../dist/decisions/log.js';

const [, , dir, ...vms] = process.argv;
const silent = { debug() {}, info() {}, warn() {}, error() {} };
const { signal } = new globalThis.AbortController();
const mib = () => Math.round(process.memoryUsage.rss() / 1024 / 1024);

const before = mib();
const begin = performance.now();
const log = openDecisionLog({ dir, maxBytes: 2 ** 40, maxAgeMs: Infinity, owns: () => true, log: silent });
await log.flush();
const openMs = performance.now() - begin;
const opened = mib();
const listMs = [];
for (const vmId of vms) {
  const start = performance.now();
  const { decisions } = await log.list({ vmId }, { size: 20 }, signal);
  listMs.push({ ms: performance.now() - start, count: decisions.length });
}
const start = performance.now();
await log.list({}, { size: 20 }, signal);
const newestMs = performance.now() - start;
console.log(JSON.stringify({ before, openMs, opened, listMs, newestMs, after: mib(), ...log.figures() }));
await log.close();
