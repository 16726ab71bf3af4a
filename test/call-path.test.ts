import { expect } from 'chai';
import { startWatched, type WatchedProcess } from './support/ran-files.js';
import { temporaryFolder } from './support/temporary-folder.js';
import { until } from './support/until.js';

/** Most files of src/ that one `runCostFunctions` passes when the unit is native: one process. */
const MOST_FILES_WITHOUT_WIRE = 30;

/** Most files of src/ that it passes, in both processes together, when a bridge asks a scoring service. */
const MOST_FILES_WITH_WIRE = 54;

/** The path is what each of so many calls passes: what still ran beside one of them, such as a file's check, is not of it. */
const MEASURED_CALLS = 3;

/**
 * Puts what a process does by itself off by an hour: on a busy machine it would fall into the measured calls. What follows an
 * answer is not of its path either.
 */
const LATER = [
  ...['--bridge-predictions', 'false', '--decisions-enabled', 'false'],
  ...['--inventory-event-interval', '0ms', '--inventory-refresh-interval', '1h'],
  ...['--inventory-max-staleness', '24h', '--composite-relist-interval', '1h'],
];

/** In the world of `serve --demo`. */
const UNIT = 'ksm_same_os_score';
const VM = 'b0000000-0000-4000-8000-000000000083';
const HOSTS = [1, 2, 3].map((n) => `a0000000-0000-4000-8000-00000000000${n}`);

const array = (values: readonly string[]): string =>
  `<array><data>${values.map((value) => `<value>${value}</value>`).join('')}</data></array>`;
const string = (text: string): string => `<string>${text}</string>`;

const BODY = `<?xml version="1.0" encoding="UTF-8"?><methodCall><methodName>runCostFunctions</methodName><params>${[
  array([array([string(UNIT), '<int>1</int>'])]),
  array(HOSTS.map(string)),
  string(VM),
  '<struct></struct>',
]
  .map((value) => `<param><value>${value}</value></param>`)
  .join('')}</params></methodCall>`;

/** Asks as the engine does for the costs of three hosts by one unit. */
async function askCosts(address: string): Promise<string> {
  const headers = { 'Content-Type': 'text/xml' };
  const response = await fetch(`http://${address}/`, { method: 'POST', headers, body: BODY });
  return response.text();
}

/** Whether the answer has a row of the unit for each host. */
const isComplete = (answer: string): boolean =>
  !answer.includes('<fault>') && [UNIT, ...HOSTS].every((text) => answer.includes(text));

describe('the path of one runCostFunctions', function () {
  // Two processes are started from their sources.
  this.timeout(60_000);

  const folder = temporaryFolder();
  let serve: WatchedProcess;
  let bridge: WatchedProcess;
  const processes: WatchedProcess[] = [];

  before(async () => {
    serve = start([
      ...['serve', '--demo', '--server-listen', '127.0.0.1:0', '--bridge-listen', '127.0.0.1:0'],
      // No look at the engine's events in the middle of a call.
      ...['--ops-listen', '127.0.0.1:0', '--inventory-event-interval', '1m'],
    ]);
    const service = await serve.logged(/grpc server listening address=(\S+)/);
    bridge = start([
      ...['bridge', '--services', `remote=${service}`, '--bridge-listen', '127.0.0.1:0'],
      ...['--ops-listen', '127.0.0.1:0'],
    ]);
  });
  after(async () => {
    await Promise.all(processes.map((process) => process.kill()));
    folder.remove();
  });

  function start(args: readonly string[]): WatchedProcess {
    const started = startWatched(folder.path, [...args, ...LATER]);
    processes.push(started);
    return started;
  }

  /** The files that a call at this process passes, not the first, in it and in the others that have a part in it. */
  async function filesOfCall(
    asked: WatchedProcess,
    ...others: readonly WatchedProcess[]
  ): Promise<readonly string[]> {
    const watched = [asked, ...others];
    const address = await asked.logged(/bridge listening address=(\S+)/);
    await until(() => askCosts(address), isComplete);
    await Promise.all(watched.map((process) => process.idle()));
    const calls: (readonly string[])[] = [];
    while (calls.length < MEASURED_CALLS) {
      await Promise.all(watched.map((process) => process.watch()));
      const answer = await askCosts(address);
      const files = await Promise.all(watched.map((process) => process.ranFiles()));
      expect(answer).to.satisfy(isComplete);
      for (const ran of files) expect(ran).to.not.be.empty;
      calls.push(files.flat());
    }
    return [...new Set(calls.flat())].filter((file) => calls.every((ran) => ran.includes(file))).sort();
  }

  it(`passes at most ${MOST_FILES_WITHOUT_WIRE} files of src/ when the unit is native`, async () => {
    const files = await filesOfCall(serve);
    expect(files.length, files.join('\n')).to.be.at.most(MOST_FILES_WITHOUT_WIRE);
  });

  it(`passes at most ${MOST_FILES_WITH_WIRE} files of src/ when a bridge asks a service`, async () => {
    const files = await filesOfCall(bridge, serve);
    expect(files.length, files.join('\n')).to.be.at.most(MOST_FILES_WITH_WIRE);
  });
});
