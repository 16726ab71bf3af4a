import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** The benchmarks by name, which is that of their file, and what each measures. */
const BENCHMARKS: Readonly<Record<string, string>> = {
  'score-hosts': 'ScoreHosts against servers of grpc-js that send an answer made beforehand: CPU a call',
  stream: 'StreamScoreHosts over 1 and 32 streams against ScoreHosts: answers a second',
  bridge: 'runCostFunctions against a bare node:http server, and beside a python -c a call: [hosts] ...',
  score: 'the score alone against loops over all VMs',
  startup: 'from the start to the first score, against a bare node',
  event: 'one event applied to a snapshot, against building it anew',
  refresh: 'the pauses of the event loop while all of the engine is read: [hosts] [vms] [refreshes]',
  memory: 'resident memory with 100,000 VMs, while an hour of events and listings comes in 10 minutes',
  replicas: 'one reader and 1 to 4 replicas: requests to the engine, lag of a replica, CPU a call',
  'engine-traffic': 'requests to the engine and bytes from it a minute, against a listing every 30 s',
  plugins: 'a Python plugin against a python -c a call: [hosts] [calls]',
  'hanging-service': 'runCostFunctions while one of two services never answers: [calls] [hosts] [vms]',
  decisions: 'ScoreHosts with decisions off, on, each one recorded, and with a shadow: CPU a call, p99',
  tracing: 'ScoreHosts with tracing off and on: CPU a call: [folder of another build to compare with]',
  'decision-log':
    'decisions: bytes and CPU each; a year of 10,000 a day: to open, to list by VM, memory: [days]',
  'rolling-restart':
    'failed units while replicas restart under load, 12 minutes: [--program PATH] [rounds] [callers] [pause in ms] [replicas]',
};

// Usage: npm run bench -- NAME [--quick] [arguments]
const [name = ''] = process.argv.splice(2, 1);
if (!Object.hasOwn(BENCHMARKS, name)) {
  console.log('Usage: npm run bench -- NAME [--quick]\n');
  for (const [known, what] of Object.entries(BENCHMARKS)) console.log(`  ${known.padEnd(16)} ${what}`);
  process.exitCode = 2;
} else {
  const file = join(import.meta.dirname, `${name}.ts`);
  if (!existsSync(file)) throw new Error(`${file} is missing`);
  await import(file);
}
