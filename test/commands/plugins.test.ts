import { expect } from 'chai';
import { CommandError } from '../../src/commands/io.js';
import { openPlugins } from '../../src/commands/members.js';
import { loadConfig } from '../../src/config/load.js';
import { createRpcClient } from '../../src/rpc/client.js';
import { describeWithPython, fixture, PYTHON, scoreRequest } from '../plugins/with-python.js';
import { call } from '../support/call.js';
import { memoryLog } from '../support/log.js';
import { errorText, runToEnd, startProgram, type RunningProgram } from '../support/program.js';
import { expectRejection } from '../support/rejection.js';
import { FREE_PORTS } from '../support/scoring.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { callEngineMethod } from '../support/xml-rpc.js';
import { hostId, vmId } from '../support/world.js';

const [H1, H2] = [hostId(1), hostId(2)] as const;

/** Plugins get the variables of the process, of which they need where programs are. */
const VARIABLES = { PATH: process.env['PATH'] ?? '' };

describeWithPython('hostscore plugins', () => {
  const folder = temporaryFolder();
  const programs: RunningProgram[] = [];
  afterEach(async () => {
    for (const program of programs.splice(0)) await program.end();
  });
  after(() => folder.remove());

  const python = PYTHON === undefined ? [] : ['--plugins-python', PYTHON];

  function start(...args: readonly string[]): RunningProgram {
    const program = startProgram([...args, ...FREE_PORTS, ...python], VARIABLES);
    programs.push(program);
    return program;
  }

  it('serves the units of a folder over gRPC, names what could not be imported, and ends when asked', async () => {
    const program = start('plugins', '--dir', fixture('duplicates'));
    const [, address = ''] = await program.written(
      'stdout',
      /^Serves 2 units of the plugins in .*duplicates at (.+)\.\n {2}b\.py: class twice: a\.py has/m,
    );
    const client = createRpcClient({ target: address });
    try {
      const { unitResults } = await client.scoreHosts(scoreRequest('twice'), call());
      expect(unitResults).to.deep.equal([{ unit: 'twice', value: [1, 1, 1], direction: 'LOWER_IS_BETTER' }]);
      expect(await client.health('', call())).to.equal('SERVING');
      const units = await runToEnd(['units', '--server', address]);
      expect(units.stdout).to.match(/^twice \(score, lower is better\)$/m);
      expect(units.stdout).to.match(/\nProblems:\n {2}b\.py: class twice: a\.py has/);
    } finally {
      client.close();
    }
    expect((await program.end()).stderr).to.include('stopped');
  });

  it('answers an engine out of plugins alone: what they print is the cost, 7 stays 7', async () => {
    const dir = folder.path;
    folder.write(
      'seven.py',
      [
        'class seven():',
        "    properties_validation = 'x=a|b'",
        '    def do_score(self, hosts_ids, vm_id, args_map):',
        "        '''Always 7'''",
        '        print([(host, 7) for host in hosts_ids])',
      ].join('\n'),
    );
    const program = start(
      ...['bridge', '--plugins-dir', dir, '--state-dir', `${dir}/catalogue`],
      ...['--bridge-budget', '10s'],
    );
    const [, address = ''] = await program.written('stdout', /engine at http:\/\/(\S+?)\/\./);
    expect(await callEngineMethod(address, 'discover')).to.deep.equal({
      filters: {},
      scores: { seven: ['Always 7', 'x=a|b'] },
      balance: {},
    });
    const asked = [[['seven', 2]], [H1, H2], vmId(1), new Map<string, string>()] as const;
    expect(await callEngineMethod(address, 'runCostFunctions', ...asked)).to.deep.equal({
      result_code: 0,
      result: [
        [H1, 7, 'seven'],
        [H2, 7, 'seven'],
      ],
      plugin_errors: {},
      errors: [],
    });
  });

  it('composes plugins with the units of serve', async () => {
    const program = start(
      ...['serve', '--demo', '--plugins-dir', fixture('contract')],
      ...['--state-dir', `${folder.path}/serve`],
    );
    const [, address = ''] = await program.written('stdout', /engine at http:\/\/(\S+?)\/\./);
    const units: unknown = await callEngineMethod(address, 'discover');
    expect(units).to.have.nested.property('scores.constant_50');
    // The folder has one of that name too: the old sample, of which ours takes the place.
    expect(units)
      .to.have.nested.property('scores.ksm_same_os_score[0]')
      .that.includes('kernel same-page merging');
    expect(program.stderr()).to.match(
      /unit not needed unit=SCORE\/ksm_same_os_score kept=local ignored=plugins/,
    );
  });

  for (const [title, args, text] of [
    [
      'no folder',
      ['--dir', '/no/such/folder'],
      /^CommandError: plugins: the folder \/no\/such\/folder can't be read: ENOENT/,
    ],
    ['a folder that is not named', [], /^ConfigError: --dir: is required: the folder of the plugins/],
  ] as const) {
    it(`ends in one clear line with ${title}`, async () => {
      expect(errorText(await runToEnd(['plugins', ...args, ...FREE_PORTS, ...python], VARIABLES))).to.match(
        text,
      );
    });
  }

  it('is tried by check, which names what could not be imported', async () => {
    const args = ['check', '--plugins-dir', fixture('duplicates'), ...python, ...FREE_PORTS];
    const outcome = await runToEnd(args, VARIABLES);
    expect(errorText(outcome)).to.equal('');
    expect(outcome.stdout).to.match(/\nplugins: ok: 2 units: .*\n {2}b\.py: class twice: a\.py has/);
  });

  it('serve goes on without Python: its log, units and readiness name the problem, and check fails with it', async () => {
    const config = folder.write(
      'none.yaml',
      `plugins: { dir: ${fixture('contract')}, python: /no/python }\n`,
    );
    const problem = '"/no/python" is not there; plugins need Python 3.9 or later';
    const program = startProgram(
      ['serve', '--demo', '--config', config, '--state-dir', `${folder.path}/none`, ...FREE_PORTS],
      VARIABLES,
    );
    programs.push(program);
    const [, address = ''] = await program.written('stdout', /engine at http:\/\/(\S+?)\/\./);
    const [, ops = ''] = await program.written('stderr', /ops server listening address=(\S+)/);
    const [, server = ''] = await program.written('stderr', /grpc server listening address=(\S+)/);
    expect(await callEngineMethod(address, 'discover')).to.have.nested.property('scores.ksm_same_os_score');
    expect(program.stderr()).to.match(
      / error plugins unavailable .*\/no\/python.* is not there; plugins need/,
    );
    expect(program.stderr()).not.to.match(/stack=/);
    expect((await runToEnd(['units', '--server', server])).stdout).to.include(problem);
    const ready = await fetch(`http://${ops}/readyz`);
    expect([ready.status, await ready.text()]).to.deep.equal([
      200,
      `ok, but ${problem}: install it, or say where it is (plugins.python)\n`,
    ]);
    const checked = await runToEnd(['check', '--config', config, ...FREE_PORTS], VARIABLES);
    expect(errorText(checked)).to.include(problem);
  });

  it('ends without an error when asked to in the middle of imports', async () => {
    const program = start(
      ...['serve', '--demo', '--plugins-dir', fixture('hangs-on-import')],
      ...['--state-dir', `${folder.path}/hangs`],
    );
    await program.written('stderr', /python found/);
    const outcome = await program.end();
    expect(errorText(outcome)).to.equal('');
    expect(outcome.stderr)
      .to.match(/stopped\s*$/)
      .and.not.match(/ error |stack=/);
  });

  it('tells callers that wait for the host UNAVAILABLE, and the command a CommandError, when it is closed while it starts', async () => {
    const config = loadConfig({ variables: { HOSTSCORE_PLUGINS_PYTHON: PYTHON ?? '' }, flags: {} });
    const plugins = openPlugins(config, fixture('hangs-on-import'), {
      log: memoryLog(),
      variables: VARIABLES,
    });
    const listed = plugins.service.listPolicyUnits(call());
    const closed = plugins.close();
    await expectRejection(listed, 'UNAVAILABLE', 'the host of the plugins is stopping');
    expect(await plugins.started.catch((error: unknown) => error)).to.be.instanceOf(CommandError);
    await closed;
  });

  it('ends in one clear line without Python', async () => {
    const args = ['plugins', '--dir', fixture('contract'), '--plugins-python', '/no/python', ...FREE_PORTS];
    expect(errorText(await runToEnd(args, VARIABLES))).to.match(
      /^CommandError: "\/no\/python" is not there; plugins need Python 3\.9 or later/,
    );
  });
});
