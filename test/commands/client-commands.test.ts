import { expect } from 'chai';
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { settings } from '../../src/config/load.js';
import { z } from 'zod';
import { createWorld } from '../../src/simulator/world.js';
import { errorText, runToEnd, startProgram } from '../support/program.js';
import { startScoring, type Scoring } from '../support/scoring.js';
import { hostId, vmId } from '../support/world.js';

const [H1, H2, H3, H4, STRANGER] = [hostId(1), hostId(2), hostId(3), hostId(4), hostId(99)] as const;

/** VM 1 and 2 run rhel_8x64 on host 1, VM 3 runs rhel_9x64 on host 2, host 3 and 4 are in maintenance, and two on the latter have one name. */
const world = createWorld({
  hosts: [
    { id: H1, name: 'one' },
    { id: H2, name: 'two' },
    { id: H3, name: 'three', status: 'maintenance' },
    { id: H4, name: 'four', status: 'maintenance' },
  ],
  vms: [
    { id: vmId(1), hostId: H1, osType: 'rhel_8x64' },
    { id: vmId(2), hostId: H1, osType: 'rhel_8x64' },
    { id: vmId(3), hostId: H2, osType: 'rhel_9x64' },
    { id: vmId(4), hostId: H4, osType: 'other', name: 'twin' },
    { id: vmId(5), hostId: H4, osType: 'other', name: 'twin' },
  ],
});

const POLICIES = '{relatives: {scores: {ksm_same_os_score: 3}, properties: {os_identity: family}}}';

function addressOf(server: Server): { readonly port: number } {
  return z.object({ port: z.number() }).parse(server.address());
}

const FULL = '█'.repeat(20);
const NONE = '·'.repeat(20);

/** Named, so that a new unit changes no test of this one. */
const KSM = ['--unit', 'ksm_same_os_score'];
const KSM_UNLESS = (args: readonly string[]) => (args.includes('--unit') ? [] : KSM);

describe('client commands', () => {
  let scoring: Scoring;
  before(async () => {
    scoring = await startScoring(world, { variables: { HOSTSCORE_POLICIES: POLICIES } });
  });
  after(() => scoring.close());

  const run = (command: string, ...args: string[]) =>
    runToEnd([command, '--server', scoring.address, ...args]);

  describe('units', () => {
    it('lists units with type, direction, properties and their defaults', async () => {
      const { stdout, stderr, error } = await run('units');
      expect({ stderr, error }).to.deep.equal({ stderr: '', error: undefined });
      expect(stdout).to.include('ksm_same_os_score (score, higher is better)\n  Ranks a host higher');
      expect(stdout).to.include('\n  os_identity=configured|family|guest, default configured\n    Which');
      expect(stdout).to.include('\n  count_self=true|false, default true\n');
      expect(stdout).to.match(/^accept_all_hosts \(filter\)$/m);
    });

    it('prints the JSON of the contract, as every other client does', async () => {
      const { stdout } = await run('units', '--json');
      const [first] = z
        .object({ policyUnits: z.array(z.unknown()), hasInventory: z.literal(true) })
        .parse(JSON.parse(stdout)).policyUnits;
      expect(first).to.deep.include({
        name: 'ksm_same_os_score',
        type: 'POLICY_UNIT_TYPE_SCORE',
        direction: 'DIRECTION_HIGHER_IS_BETTER',
      });
      expect(first).to.have.deep.nested.property('properties[1].defaultValue', 'true');
      expect(first).to.not.have.any.keys('origin', 'path', 'service');
    });

    it('keeps problems in its JSON, and tells of which service a unit is', async () => {
      const composed = await startScoring(world, { args: ['--services', 'gone=127.0.0.1:1'] });
      try {
        const { stdout } = await runToEnd(['units', '--json', '--server', composed.address]);
        expect(JSON.parse(stdout)).to.have.nested.property('problems[0].source', 'gone');
        const text = (await runToEnd(['units', '--server', composed.address])).stdout;
        expect(text).to.include('ksm_same_os_score (score, higher is better, of local)\n');
        const { stdout: table } = await runToEnd([
          ...['score', '--vm', 'vm-1', '--server', composed.address, ...KSM],
        ]);
        expect(table).to.include('\nunits: ksm_same_os_score of local\n');
      } finally {
        await composed.close();
      }
    });
  });

  describe('units --policies', () => {
    const policies =
      '{spread: {filters: [max_vms], scores: {vm_balance: 2}, properties: {maximum_vm_count: 5}}}';

    it('lists the policies of the configuration, without a server', async () => {
      const { stdout, error } = await runToEnd(['units', '--policies'], { HOSTSCORE_POLICIES: policies });
      expect(error).to.equal(undefined);
      expect(stdout).to.match(
        /^spread \([0-9a-f]{12}\)\n {2}filter max_vms\n {2}score vm_balance x2\n {2}maximum_vm_count=5\n$/,
      );
    });

    it('prints JSON, and says that there are none', async () => {
      const { stdout } = await runToEnd(['units', '--policies', '--json'], { HOSTSCORE_POLICIES: policies });
      const [policy] = z
        .object({ policies: z.tuple([z.looseObject({ hash: z.string() })]) })
        .parse(JSON.parse(stdout)).policies;
      expect(policy).to.deep.include({
        name: 'spread',
        filters: ['max_vms'],
        scores: { vm_balance: 2 },
        properties: { maximum_vm_count: '5' },
      });
      expect((await runToEnd(['units', '--policies'])).stdout).to.equal(
        'The configuration has no policies; --config FILE or HOSTSCORE_CONFIG names that of the server.\n',
      );
    });
  });

  describe('score', () => {
    const cases: readonly {
      readonly title: string;
      readonly args: readonly string[];
      readonly lines: readonly string[];
      readonly stderr?: string;
    }[] = [
      {
        title: 'ranks every host that is up, with reasons: (100 x 2) / 2 = 100, 0 of 1 -> 0',
        args: [],
        lines: [
          ` 1 100/100 ${FULL} one 100 ${H1}`,
          ' ksm_same_os_score: 2 VMs run here: 2 with the same OS (rhel_8x64) and 0 with its type only: (100 x 2 + 20 x 0) / 2 = 100',
          ` 2 0/100 ${NONE} two 0 ${H2}`,
          ' ksm_same_os_score: 1 VMs run here: 0 with the same OS (rhel_8x64) and 0 with its type only: (100 x 0 + 20 x 0) / 1 = 0',
        ],
      },
      {
        title: 'scores the hosts named, also one in maintenance, and tells of one that is unknown',
        args: ['--host', H3, '--host', H2.toUpperCase(), '--host', STRANGER],
        lines: [
          ` 1 0/100 ${NONE} three 0 ${H3}`,
          ' ksm_same_os_score: no VMs run here, so nothing can be shared',
          ` = 0/100 ${NONE} two 0 ${H2}`,
          ' ksm_same_os_score: 1 VMs run here: 0 with the same OS (rhel_8x64) and 0 with its type only: (100 x 0 + 20 x 0) / 1 = 0',
        ],
        stderr: `host ${STRANGER} is unknown to the engine\n`,
      },
      {
        title: 'passes weights and properties on: as family 3 x (20 x 1) / 1 = 60 of 300',
        args: [
          ...['--host', H2, '--unit', 'ksm_same_os_score=3'],
          ...['--property', 'os_identity=family', '--property', 'other=a=b'],
        ],
        lines: [
          ` 1 60/300 ${'█'.repeat(4)}${'·'.repeat(16)} two 20 ${H2}`,
          ' ksm_same_os_score: 1 VMs run here: 0 with the same OS (rhel 8) and 1 with its type only: (100 x 0 + 20 x 1) / 1 = 20',
        ],
        stderr:
          'warning: --property: no unit that was asked reads other; they read: os_identity, count_self; it is ignored\n',
      },
      {
        title: 'tells of a unit that failed, and shows what the others say',
        args: ['--host', H1, '--unit', 'no_such_unit=9', '--unit', 'ksm_same_os_score'],
        lines: [
          ` 1 100/100 ${FULL} one 100 ${H1}`,
          ' ksm_same_os_score: 2 VMs run here: 2 with the same OS (rhel_8x64) and 0 with its type only: (100 x 2 + 20 x 0) / 2 = 100',
        ],
        stderr: 'unit no_such_unit failed: NOT_FOUND: ',
      },
    ];
    for (const { title, args, lines, stderr = '' } of cases) {
      it(title, async () => {
        const outcome = await run('score', '--vm', vmId(1), ...KSM_UNLESS(args), ...args);
        expect(outcome.error).to.equal(undefined);
        const [head, ...rest] = outcome.stdout.split('\n');
        expect(head).to.match(/^rank +score +host +ksm_same_os_score x\d +id$/);
        expect(rest.slice(0, rest.indexOf('')).map((line) => line.replace(/ +/g, ' '))).to.deep.equal(lines);
        expect(rest.at(-2)).to.match(/^\d hosts, snapshot of \d{4}-.*Z, \d+s old$/);
        expect(outcome.stderr.startsWith(stderr)).to.equal(true, outcome.stderr);
        if (stderr === '') expect(outcome.stderr).to.equal('');
      });
    }

    it('finds the VM and hosts by their names, in letters of either case', async () => {
      const byName = await run('score', '--vm', 'VM-1', ...KSM, '--host', 'two', '--host', 'ONE', '--json');
      const byId = await run('score', '--vm', vmId(1), ...KSM, '--host', H2, '--host', H1, '--json');
      expect(errorText(byName)).to.equal('');
      expect(JSON.parse(byName.stdout)).to.deep.equal(JSON.parse(byId.stdout));
    });

    it('runs the units of a named policy: as family 3 x (20 x 1) / 1 = 60, the longest bar for the highest score', async () => {
      const outcome = await run('score', '--vm', vmId(1), '--host', H2, '--policy', 'relatives');
      expect(errorText(outcome)).to.equal('');
      expect(outcome.stdout).to.include(`\n   1     60  ${FULL}  two                  20  ${H2}\n`);
    });

    it('shows the best hosts only when told how many, and says what is left out', async () => {
      const { stdout } = await run('score', '--vm', vmId(1), ...KSM, '--top', '1');
      expect(stdout.match(/^ {6}ksm_same_os_score: .*/gm)).to.have.length(1);
      expect(stdout).to.match(/ one .*\n {6}ksm_same_os_score: /);
      expect(stdout).to.include('\n      1 more; --top 2 shows all\n').and.not.include(H2);
    });

    it('says which weights would make another host the best: 100 x w against 0 x w, and the first of equal ones', async () => {
      const { stdout } = await run(
        'score',
        '--vm',
        vmId(1),
        '--host',
        H2,
        '--host',
        H1,
        ...KSM,
        '--counterfactuals',
      );
      expect(stdout).to.match(
        /\nif one weight were another:\n {2}ksm_same_os_score x1: one stays the best from 1 on; two for weight 0\n$/,
      );
    });

    it('names hosts of the cluster that are not up', async () => {
      const { stdout } = await run('score', '--vm', vmId(1), ...KSM);
      expect(stdout).to.include('\nnot up, so not scored: four (maintenance), three (maintenance)\n');
    });

    it('counts a VM at the host where it is assumed: 2 of 2, or 2 of 3 and (100 x 2 + 20 x 0) / 3 = 66', async () => {
      const { stdout } = await run('score', '--vm', 'vm-1', ...KSM, '--host', 'one', '--assume', 'vm-3=one');
      expect(stdout).to.match(/^ +1 +66\/100 /m);
    });

    const unnamed: readonly (readonly [args: readonly string[], text: RegExp])[] = [
      [
        ['--vm', 'web-1'],
        /^CommandError: --vm web-1: no VM that runs has this name; "hostscore vms" lists them, and one that is stopped goes by its id$/,
      ],
      [['--vm', 'vm-*'], /^ConfigError: --vm vm-\*: expected a whole name, or an id$/],
      [
        ['--vm', 'twin'],
        new RegExp(
          `^CommandError: --vm twin: several have this name; pass the id of one:\n  ${vmId(4)}  twin \\(up, on host ${H4}\\)\n  ${vmId(5)}  twin \\(up, on host ${H4}\\)$`,
        ),
      ],
      [
        ['--vm', 'vm-1', '--host', 'five'],
        /^CommandError: --host five: no host has this name; "hostscore hosts" lists them$/,
      ],
      [
        ['--vm', 'vm-1', '--policy', 'nope'],
        /^SchedulingError: .*there is no policy "nope"; there are "relatives"/,
      ],
    ];
    for (const [args, text] of unnamed) {
      it(`explains ${args.join(' ')}`, async () => {
        expect(errorText(await run('score', ...args))).to.match(text);
      });
    }

    it('shows 1,000,000 hosts at most', async () => {
      const outcome = await run('score', '--vm', vmId(1), ...KSM, '--top', '1000000');
      expect(errorText(outcome)).to.equal('');
    });

    it('finds the VM of the very name among 8 that differ in case only', async () => {
      const names = ['web', 'Web', 'wEb', 'weB', 'WEb', 'WeB', 'wEB', 'WEB'];
      const vms = names.map((name, n) => ({ id: vmId(n + 1), name, hostId: H1 }));
      const alike = await startScoring(createWorld({ hosts: [{ id: H1, name: 'one' }], vms }));
      try {
        for (const name of names) {
          const outcome = await runToEnd(['score', '--server', alike.address, '--vm', name, ...KSM]);
          expect(errorText(outcome)).to.equal('');
        }
        const outcome = await runToEnd(['score', '--server', alike.address, '--vm', 'wweb', ...KSM]);
        expect(errorText(outcome)).to.match(/no VM that runs has this name/);
      } finally {
        await alike.close();
      }
    });

    it('tells of a property that is wrong, and fails without a table, since no unit answered', async () => {
      const outcome = await run(
        'score',
        '--vm',
        vmId(1),
        ...KSM,
        '--host',
        H1,
        '--property',
        'count_self=maybe',
      );
      expect(errorText(outcome)).to.match(/^CommandError: no unit answered/);
      expect(outcome.stderr).to.match(/^unit ksm_same_os_score failed: INVALID_ARGUMENT: /);
      expect(outcome.stdout).to.equal('');
    });

    it('fails with JSON alike when no unit answered, and has the failure in it', async () => {
      const outcome = await run('score', '--vm', vmId(1), '--unit', 'gone', '--json');
      expect(errorText(outcome)).to.match(/^CommandError: no unit answered/);
      expect(JSON.parse(outcome.stdout)).to.have.nested.property(
        'unitResults[0].failure.code',
        'FAILURE_CODE_NOT_FOUND',
      );
    });

    it('warns of a mistyped property beside its JSON', async () => {
      const { stdout, stderr } = await run(
        ...(['score', '--vm', vmId(1), ...KSM, '--property', 'os_identty=family', '--json'] as const),
      );
      expect(() => void JSON.parse(stdout)).not.to.throw();
      expect(stderr).to.equal(
        'warning: --property: no unit that was asked reads os_identty; they read: os_identity, count_self; it is ignored\n',
      );
    });

    it('prints JSON, with the time as text', async () => {
      const { stdout, stderr } = await run(
        'score',
        '--vm',
        vmId(1),
        ...KSM,
        '--host',
        H1,
        '--host',
        STRANGER,
        '--json',
      );
      const printed: unknown = JSON.parse(stdout);
      expect(printed).to.deep.include({
        scores: [
          {
            hostId: H1,
            score: 100,
            hostName: 'one',
            reasons: [
              {
                unit: 'ksm_same_os_score',
                text: '2 VMs run here: 2 with the same OS (rhel_8x64) and 0 with its type only: (100 x 2 + 20 x 0) / 2 = 100',
              },
            ],
          },
        ],
        unitResults: [
          {
            unit: 'ksm_same_os_score',
            scores: { values: [100] },
            direction: 'DIRECTION_HIGHER_IS_BETTER',
          },
        ],
        unknownHostIds: [STRANGER],
      });
      expect(printed)
        .to.have.property('snapshotTime')
        .that.matches(/^\d{4}-.*Z$/);
      expect(stderr).to.equal('');
    });

    it('fails for a VM that is unknown, naming it', async () => {
      const outcome = await run('score', '--vm', vmId(404));
      expect(errorText(outcome)).to.match(new RegExp(`^SchedulingError: .*${vmId(404)}`));
      expect(outcome.stdout).to.equal('');
    });

    it('refuses a weight that leaves 32 bits, naming the option', async () => {
      const outcome = await run('score', '--vm', vmId(1), '--unit', 'ksm_same_os_score=99999999999');
      expect(errorText(outcome)).to.match(/^UsageError: .*--unit .*a whole number up to 21474836/);
    });
  });

  describe('health', () => {
    it('prints SERVING', async () => {
      const { stdout, error } = await run('health');
      expect({ stdout, error }).to.deep.equal({ stdout: 'SERVING\n', error: undefined });
    });

    it('prints JSON', async () => {
      expect(JSON.parse((await run('health', '--json')).stdout)).to.deep.equal({ status: 'SERVING' });
    });

    it('fails when the engine is away', async () => {
      const away = await startScoring(createWorld(), {
        prepare: ({ faults }) => faults.set({ hang: {} }),
        ready: false,
      });
      try {
        const outcome = await runToEnd(['health', '--server', away.address]);
        expect(errorText(outcome)).to.equal(
          `CommandError: ${away.address} is NOT_SERVING; /readyz of its ops.listen says why, or its log`,
        );
        expect(outcome.stdout).to.equal('');
      } finally {
        await away.close();
      }
    });

    it('asks where the configuration says that the server listens, at loopback for an address of all', async () => {
      const [, port = ''] = scoring.address.split(':');
      const variables = {
        HOSTSCORE_SERVER_LISTEN: `0.0.0.0:${port}`,
        HOSTSCORE_SERVER_ALLOW_PLAINTEXT: 'true',
      };
      expect((await runToEnd(['health'], variables)).stdout).to.equal('SERVING\n');
      const other = { HOSTSCORE_SERVER_LISTEN: '127.0.0.1:1' };
      expect((await runToEnd(['health', '--server', scoring.address], other)).stdout).to.equal('SERVING\n');
      expect(errorText(await runToEnd(['health'], other))).to.match(/^SchedulingError: 127\.0\.0\.1:1: /);
      const unknown = { HOSTSCORE_SERVER_LISTEN: '127.0.0.1:0' };
      expect(errorText(await runToEnd(['health'], unknown))).to.match(
        /^ConfigError: server\.listen: port 0 does not tell where the server is; pass --server$/,
      );
    });

    it('--live: asks /livez where the configuration says, also of a process that can not answer yet', async () => {
      const away = await startScoring(createWorld(), {
        prepare: ({ faults }) => faults.set({ hang: {} }),
        ready: false,
      });
      try {
        const [, port = ''] = await away.program.written('stderr', /ops server listening address=\S+:(\d+)/);
        const variables = { HOSTSCORE_OPS_LISTEN: `0.0.0.0:${port}`, HOSTSCORE_OPS_ALLOW_PLAINTEXT: 'true' };
        const { stdout, error } = await runToEnd(['health', '--live'], variables);
        expect({ stdout, error }).to.deep.equal({ stdout: 'alive\n', error: undefined });
        expect((await runToEnd(['health', '--live', '--json'], variables)).stdout).to.equal(
          '{"live":true}\n',
        );
      } finally {
        await away.close();
      }
    });

    const dead: readonly (readonly [variables: Readonly<Record<string, string>>, message: RegExp])[] = [
      [
        { HOSTSCORE_OPS_LISTEN: '127.0.0.1:1' },
        /^CommandError: ops\.listen: http:\/\/127\.0\.0\.1:1\/livez: .*ECONNREFUSED/,
      ],
      [{ HOSTSCORE_OPS_LISTEN: '127.0.0.1:0' }, /^ConfigError: ops\.listen: port 0 does not tell where/],
      [{ HOSTSCORE_OPS_ENABLED: 'false' }, /^ConfigError: ops\.enabled: is false/],
    ];
    for (const [variables, message] of dead) {
      it(`--live: fails with ${Object.entries(variables).join()}`, async () => {
        expect(errorText(await runToEnd(['health', '--live'], variables))).to.match(message);
      });
    }

    it('--wait: ends as soon as everything listens, also of a process that can not answer yet', async () => {
      const away = await startScoring(createWorld(), {
        prepare: ({ faults }) => faults.set({ hang: {} }),
        ready: false,
      });
      try {
        const listens = async (name: string) =>
          (await away.program.written('stderr', new RegExp(`${name} listening address=(\\S+)`)))[1] ?? '';
        const variables = {
          HOSTSCORE_BRIDGE_LISTEN: await listens('bridge'),
          HOSTSCORE_OPS_LISTEN: await listens('ops server'),
          HOSTSCORE_SERVER_LISTEN: away.address,
        };
        const { stdout, error } = await runToEnd(['health', '--wait'], variables);
        expect({ stdout, error }).to.deep.equal({ stdout: 'listening\n', error: undefined });
        for (const [setting, variable] of [
          ['bridge.listen', 'HOSTSCORE_BRIDGE_LISTEN'],
          ['ops.listen', 'HOSTSCORE_OPS_LISTEN'],
          ['server.listen', 'HOSTSCORE_SERVER_LISTEN'],
        ] as const) {
          const outcome = await runToEnd(['health', '--wait', '--timeout', '50ms'], {
            ...variables,
            [variable]: '127.0.0.1:1',
          });
          expect(errorText(outcome)).to.match(
            new RegExp(`^CommandError: ${setting}: 127\\.0\\.0\\.1:1: not listening: .*ECONNREFUSED`),
          );
        }
      } finally {
        await away.close();
      }
    });

    it('--wait: tries again until a listener is there, where bridge and probes are off', async () => {
      const listener = createServer().listen(0, '127.0.0.1');
      await once(listener, 'listening');
      const listen = addressOf(listener);
      await new Promise((resolve) => listener.close(resolve));
      const program = startProgram(['health', '--wait'], {
        HOSTSCORE_BRIDGE_ENABLED: 'false',
        HOSTSCORE_OPS_ENABLED: 'false',
        HOSTSCORE_SERVER_LISTEN: `127.0.0.1:${listen.port}`,
      });
      await setTimeout(50);
      listener.listen(listen.port, '127.0.0.1');
      try {
        expect(await program.ended).to.deep.equal({ stdout: 'listening\n', stderr: '', error: undefined });
      } finally {
        listener.close();
      }
    });

    it('--wait: is no question, so that it goes with none', async () => {
      for (const other of [['--live'], ['--json'], ['--server', 'a:1']]) {
        expect(errorText(await runToEnd(['health', '--wait', ...other]))).to.match(
          /^UsageError: .*'--wait' cannot be used with option/,
        );
      }
    });

    it('fails when nothing listens, naming the server', async () => {
      const outcome = await runToEnd(['health', '--server', '127.0.0.1:1']);
      expect(errorText(outcome)).to.match(/^SchedulingError: 127\.0\.0\.1:1: .*ECONNREFUSED/);
    });
  });

  it('prints its help, and that of a command with each setting', async () => {
    const help = await runToEnd(['--help']);
    expect(errorText(help)).to.equal('');
    expect(help.stdout).to.match(/\nTry: hostscore serve --demo, then hostscore score --vm app-083\n$/);
    for (const command of ['serve', 'check', 'simulate', 'units', 'score', 'health']) {
      expect(help.stdout).to.match(new RegExp(`^ {2}${command} \\[options\\] +\\w`, 'm'));
    }
    const { stdout } = await runToEnd(['serve', '--help']);
    expect(stdout)
      .to.match(/^The gRPC server:\n {2}--server-listen /m)
      .and.match(/^Examples:\n {2}hostscore serve/m);
    const [, ungrouped = ''] = /^The process:\n((?: {2}.*\n)*)/m.exec(stdout) ?? [];
    expect(ungrouped.match(/--[\w-]+(?= <)/g)).to.deep.equal(['--shutdown-delay', '--shutdown-grace']);
    for (const { flag, variable } of settings) {
      if (flag !== undefined) expect(stdout).to.match(new RegExp(`^ {2}${flag} <value> `, 'm'));
      else expect(stdout).to.include(variable);
    }
  });

  describe('bad options', () => {
    const printed: readonly (readonly [args: readonly string[], text: RegExp])[] = [
      [[], /^Usage: hostscore/],
      [['frobnicate'], /^error: unknown command 'frobnicate'/],
      [['units', '--frobnicate'], /^error: unknown option '--frobnicate'/],
      [['units', 'surplus'], /^error: too many arguments for 'units'/],
      [['score'], /^error: required option '--vm <name\|id>' not specified; "hostscore vms" lists the VMs/],
      ...[
        ['score', '--vm', ''],
        ['score', '--vm', vmId(1), '--host', ''],
        ['score', '--vm', vmId(1), '--policy', ''],
        ['hosts', '--vm', ''],
        ['vms', '--host', ''],
        ['call', 'schedule', '--vm', ''],
        ['call', 'balance', '--host', hostId(1), '--unit', ''],
        ['units', '--config', ''],
      ].map(
        (args) =>
          [
            args,
            /^error: option '--\w+ <.*argument '' is invalid. expected a text that is not empty/,
          ] as const,
      ),
      [['vms', ''], /^error: command-argument value '' is invalid for argument 'name'/],
      [['hosts', ''], /^error: command-argument value '' is invalid for argument 'name'/],
      [['score', '--vm', vmId(1), '--assume', 'vm-1'], /--assume <vm=host>.*'vm-1'.*expected VM=HOST/],
      ...['0', '1000001', '1e3', '-1'].map(
        (top) =>
          [
            ['score', '--vm', vmId(1), `--top=${top}`],
            new RegExp(`--top <n>.*'${top}'.*expected a whole number from 1 to 1000000`),
          ] as const,
      ),
      [
        ['score', '--vm', vmId(1), '--policy', 'a', '--unit', 'b'],
        /option '--policy <name>' cannot be used with option '--unit/,
      ],
      [['score', '--vm', vmId(1), '--unit', 'a=1.5'], /--unit .*'a=1\.5'.*expected NAME or NAME=WEIGHT/],
      [['score', '--vm', vmId(1), '--unit', 'a=-1'], /--unit .*'a=-1'.*expected NAME or NAME=WEIGHT/],
      [['score', '--vm', vmId(1), '--unit', ''], /--unit .*expected NAME or NAME=WEIGHT/],
      [
        ['score', '--vm', vmId(1), '--property', 'count_self'],
        /--property .*'count_self'.*expected KEY=VALUE/,
      ],
      [['score', '--vm', vmId(1), '--property', '=x'], /--property .*'=x'.*expected KEY=VALUE/],
      [
        ['units', '--timeout', 'soon'],
        /--timeout <duration>.*'soon'.*expected a duration such as 500ms, 30s or 5m, from 1ms to 24h/,
      ],
      [['units', '--timeout', '0ms'], /--timeout <duration>.*'0ms'.*from 1ms to 24h/],
      [['units', '--timeout', '25h'], /--timeout <duration>.*'25h'.*from 1ms to 24h/],
      [['units', '--server'], /^error: option '--server <target>' argument missing/],
      [['simulate', '--listen', '8080'], /--listen <host:port>.*'8080'.*expected host:port/],
      [['simulate', '--listen', '127.0.0.1:65536'], /--listen <host:port>.*expected host:port/],
      [['simulate', '--log-level', 'loud'], /--log-level <level>.*'loud'.*error, warn, info, debug/],
    ];
    for (const [args, text] of printed) {
      it(`explains ${JSON.stringify(args)}`, async () => {
        const outcome = await runToEnd(args);
        expect(errorText(outcome)).to.match(/^UsageError: /);
        expect(outcome.stderr).to.match(text);
        expect(outcome.stdout).to.equal('');
      });
    }

    const thrown: readonly (readonly [args: readonly string[], text: RegExp])[] = [
      [['units', '--config', '/does/not/exist'], /^ConfigError: \/does\/not\/exist: can't be read: ENOENT/],
      [['units', '--server', 'http://x'], /^ConfigError: --server.*: expected host:port, got "http:\/\/x"/],
      [['units', '--ca', '/does/not/exist'], /^ConfigError: --ca: can't read \/does\/not\/exist: ENOENT/],
      [['units', '--cert', '/does/not/exist'], /^ConfigError: --cert: can't read \/does\/not\/exist/],
      [['units', '--key', '/does/not/exist'], /^ConfigError: --key: can't read \/does\/not\/exist/],
      [['units', '--ca', 'package.json'], /^ConfigError: --server, .*--ca.*: tls\.ca: not a PEM certificate/],
      [
        ['simulate', '--world', '/does/not/exist'],
        /^ConfigError: --world: expected demo; HOSTSxVMS.*exist"$/,
      ],
      [
        ['simulate', '--world', '20000x10'],
        /^ConfigError: --world 20000x10: hosts: .*from 1 to 10000, got 20000$/,
      ],
      [['simulate', '--world', '0x10'], /^ConfigError: --world 0x10: hosts: expected an integer from 1/],
      [['simulate', '--world', 'docs'], /^ConfigError: --world docs: docs\/hosts\.json: can't be read/],
      [
        ['simulate', '--listen', '0.0.0.0:0'],
        /^SchedulingError: host: expected a loopback address, got "0\.0\.0\.0"/,
      ],
    ];
    for (const [args, text] of thrown) {
      it(`refuses ${JSON.stringify(args)}`, async () => {
        expect(errorText(await runToEnd(args))).to.match(text);
      });
    }

    it('ends a call when the time is up', async () => {
      scoring.simulator.faults.set({ hang: {} });
      try {
        const outcome = await run('score', '--vm', vmId(77), '--timeout', '50ms');
        expect(errorText(outcome)).to.match(/^SchedulingError: /);
        expect(outcome.error).to.include({ code: 'DEADLINE_EXCEEDED' });
      } finally {
        scoring.simulator.faults.clear();
      }
    });
  });
});
