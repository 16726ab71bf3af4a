import { expect } from 'chai';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { lstatSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { createRpcClient } from '../../src/rpc/client.js';
import { call } from '../support/call.js';
import { errorText, runToEnd, startProgram, type RunningProgram } from '../support/program.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const OTHERS_FREE = ['--bridge-listen', '127.0.0.1:0', '--ops-listen', '127.0.0.1:0'];

describe('serve at a socket of the file system', () => {
  const folder = temporaryFolder();
  const path = `${folder.path}/hostscore.sock`;
  const args = ['serve', '--demo', ...OTHERS_FREE, '--state-dir', `${folder.path}/state`];
  const at = { HOSTSCORE_SERVER_LISTEN: `unix:${path}` };
  const started: RunningProgram[] = [];
  afterEach(async () => {
    for (const program of started.splice(0)) await program.end();
  });
  after(() => folder.remove());

  async function serve(): Promise<RunningProgram> {
    const program = startProgram(args, at);
    started.push(program);
    await program.written('stdout', /^Scores hosts at /m);
    return program;
  }

  const isThere = () => lstatSync(path, { throwIfNoEntry: false })?.isSocket() === true;

  /** Leaves the socket of a process that was killed. */
  async function leaveStale(): Promise<void> {
    const script = `require('net').createServer().listen(${JSON.stringify(path)}, () => process.stdout.write('up'))`;
    const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'ignore'] });
    await once(child.stdout, 'data');
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(isThere()).to.equal(true);
  }

  it('is named in log and banner, called by the client commands, open to its user and group, and gone at the end', async () => {
    const program = await serve();
    expect(program.stderr()).to.match(/grpc server listening address=unix:\S+hostscore\.sock tls=false/);
    expect(program.stdout()).to.match(/^Scores hosts at unix:\S+hostscore\.sock\. Try/m);
    expect(program.stdout()).to.match(
      /^ {2}grpcurl -plaintext -d '.*' -unix -authority localhost \/\S+hostscore\.sock host/m,
    );
    expect((lstatSync(path).mode & 0o777).toString(8)).to.equal('660');
    expect((await runToEnd(['health'], at)).stdout).to.equal('SERVING\n');
    expect((await runToEnd(['health', '--server', `unix:${path}`])).stdout).to.equal('SERVING\n');
    expect((await runToEnd(['units'], at)).stdout).to.match(/^ksm_same_os_score /m);
    expect(errorText(await program.end())).to.equal('');
    expect(isThere()).to.equal(false);
  });

  it('tells its connections from each other: the first of three that never called makes room for the third', async () => {
    const program = startProgram([...args, '--server-max-connections', '2'], at);
    started.push(program);
    await program.written('stdout', /^Scores hosts at /m);
    const silent = connect(path);
    await once(silent, 'connect');
    const client = createRpcClient({ target: `unix:${path}` });
    expect(await client.health('', call())).to.equal('SERVING');
    const third = connect(path);
    await once(silent.resume(), 'close');
    expect(await client.health('', call())).to.equal('SERVING');
    client.close();
    third.destroy();
  });

  it('takes the place of a socket that a killed process left', async () => {
    await leaveStale();
    await serve();
    expect((await runToEnd(['health'], at)).stdout).to.equal('SERVING\n');
  });

  it('leaves a process that listens there, and a file that is none, alone, and says so', async () => {
    await serve();
    const second = errorText(await runToEnd(args, at));
    expect(second).to.match(
      /^CommandError: server\.listen: cannot listen on unix:\S+: a process listens there.*EADDRINUSE/,
    );
    expect((await runToEnd(['health'], at)).stdout).to.equal('SERVING\n');
    const file = `${folder.path}/file`;
    writeFileSync(file, 'mine');
    const third = errorText(await runToEnd([...args, '--server-listen', `unix:${file}`]));
    expect(third).to.match(/^CommandError: server\.listen: .*or it is no socket.*EADDRINUSE/);
  });

  const refused: readonly (readonly [flags: readonly string[], text: RegExp])[] = [
    [['--server-listen', 'unix:'], /^ConfigError: server\.listen .*expected host:port, or unix:PATH/],
    [['--server-listen', `unix:/${'a'.repeat(103)}`], /of at most 103 bytes/],
    [['--server-listen', 'unix:/nowhere/s.sock'], /^CommandError: server\.listen: .*the folder is missing.*/],
    [
      ['--server-listen', 'unix:/x', '--server-tls-cert-file', 'c', '--server-tls-key-file', 'k'],
      /^ConfigError: server\.tlsCertFile .*does not go with server\.listen: unix:/,
    ],
  ];
  for (const [flags, text] of refused) {
    it(`is refused with ${flags.join(' ').slice(0, 60)}`, async () => {
      expect(errorText(await runToEnd([...args, ...flags]))).to.match(text);
    });
  }

  it('is what check asks, where nothing listens yet', async () => {
    const outcome = await runToEnd(['check', '--json', ...OTHERS_FREE], at);
    expect(outcome.stdout).to.include(`unix:${path}`);
    expect(errorText(outcome)).to.not.include('something listens');
  });
});
