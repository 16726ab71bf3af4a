import { expect } from 'chai';
import { chmodSync } from 'node:fs';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { parse } from 'yaml';
import { z } from 'zod';
import { MAX_PASSWORD_LENGTH } from '../../src/commands/io.js';
import type { Call } from '../../src/domain/contract.js';
import { createWorld } from '../../src/simulator/world.js';
import { SIMULATOR_ACCOUNT, startSimulator, type Simulator } from '../../src/simulator/simulator.js';
import { memoryLog } from '../support/log.js';
import { errorText, runToEnd, startProgram, type ProgramOutcome } from '../support/program.js';
import { FREE_PORTS, startScoring } from '../support/scoring.js';
import type { PolicyUnitService, ScoreHostsResponse } from '../../src/domain/contract.js';
import { SchedulingError } from '../../src/domain/errors.js';
import { constantService, startScoringService } from '../support/scoring-service.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { hostId, vmId } from '../support/world.js';

/** Where no server is asked, so that one which happens to run here makes no difference. */
const NO_SERVER = ['--server-listen', '127.0.0.1:0'];

const PASSWORD = 'correct-horse-battery-staple';

describe('check', () => {
  const folder = temporaryFolder();
  let simulator: Simulator;
  before(async () => {
    const world = createWorld({
      hosts: [{ id: hostId(1) }, { id: hostId(2), status: 'maintenance' }],
      vms: [{ id: vmId(1), hostId: hostId(1) }, { id: vmId(2) }],
    });
    simulator = await startSimulator({ world, log: memoryLog(), password: PASSWORD });
  });
  afterEach(() => simulator.faults.clear());
  after(async () => {
    await simulator.close();
    folder.remove();
  });

  const flags = (url = simulator.url, username: string = SIMULATOR_ACCOUNT.username): string[] => [
    ...['check', ...NO_SERVER, '--engine-url', url, '--engine-username', username],
  ];

  const withPassword = { HOSTSCORE_ENGINE_PASSWORD: PASSWORD };

  const expectNoPassword = ({ stdout, stderr, error }: ProgramOutcome): void => {
    expect(stdout + stderr + errorText({ error })).to.not.include(PASSWORD);
  };

  for (const auth of ['oauth', 'basic']) {
    it(`says what the engine shows, with ${auth}, and leaves no session`, async () => {
      const outcome = await runToEnd([...flags(), '--engine-auth', auth], withPassword);
      expect(errorText(outcome)).to.equal('');
      expect(outcome.stdout).to.match(/\nengine: ok: 2 hosts, 1 of them up, 1 running VMs\n$/);
      expect(outcome.stderr).to.equal('');
      expectNoPassword(outcome);
      expect(simulator.sessions.size()).to.equal(0);
    });
  }

  it('prints the effective configuration as YAML that can be used, without the password', async () => {
    const { stdout } = await runToEnd([...flags(), '--engine-response-timeout', '1500ms'], withPassword);
    const [head, yaml = ''] = /^# (.*)\n([^]*?)\n\n/.exec(stdout)?.slice(1) ?? [];
    expect(head).to.equal('effective configuration');
    expect(parse(yaml)).to.deep.nested.include({
      'engine.url': simulator.url,
      'engine.password': '(set, not shown)',
      'engine.responseTimeout': '1500ms',
      'inventory.refreshInterval': '30s',
      'server.listen': '127.0.0.1:0',
      shutdownGrace: '10s',
    });
  });

  const failures: readonly {
    readonly title: string;
    readonly args: () => readonly string[];
    readonly variables?: Readonly<Record<string, string>>;
    readonly prepare?: () => void;
    readonly text: RegExp;
  }[] = [
    {
      title: 'a wrong password',
      args: () => flags(),
      variables: { HOSTSCORE_ENGINE_PASSWORD: `${PASSWORD}x` },
      text: /login of "admin@internal" .*refused.*check the password/,
    },
    {
      title: 'an unknown account',
      args: () => flags(undefined, 'nobody@internal'),
      text: /login of "nobody@internal" .*refused.*check the password/,
    },
    {
      title: 'an account without a profile',
      args: () => flags(undefined, 'admin'),
      text: /No valid profile found.*the profile after the last @/,
    },
    {
      title: 'nothing that listens',
      args: () => flags('http://127.0.0.1:1/ovirt-engine'),
      text: /nothing listens at 127\.0\.0\.1:1; is it running, is the URL right\?/,
    },
    {
      title: 'a path that is no engine',
      args: () => flags(simulator.url.replace('ovirt-engine', 'elsewhere')),
      text: /answered 404; is http:.*\/elsewhere the engine's URL/,
    },
    {
      title: 'https where http is spoken',
      args: () => flags(simulator.url.replace('http:', 'https:')),
      text: /does not speak TLS as expected/,
    },
    {
      title: 'an engine that hangs',
      args: () => [...flags(), '--engine-response-timeout', '200ms'],
      prepare: () => simulator.faults.set({ hang: {} }),
      text: /did not begin to answer within 200 ms/,
    },
    {
      title: 'an engine that is being started',
      args: () => flags(),
      prepare: () => simulator.faults.set({ status: { code: 503 } }),
      text: /answered 503; the engine may be starting/,
    },
    {
      title: 'an account that sees no hosts',
      args: () => flags(),
      prepare: () => simulator.faults.set({ body: { kind: 'empty_object', path: '/api/hosts' } }),
      text: /lists no hosts: .*administrator role/,
    },
    {
      title: 'an engine older than 4.2, whose hosts say that 180 VMs run while the search by host finds none',
      args: () => flags(),
      prepare: () => simulator.faults.set({ oldSearch: {} }),
      text: /the hosts say that \d+ VMs run, and the engine lists none of them: .*older than 4\.2/,
    },
    {
      title: 'an account without an administrator role',
      args: () => flags(),
      prepare: () => simulator.faults.set({ status: { code: 403, path: '/api' } }),
      text: /administrator role/,
    },
  ];
  for (const { title, args, variables = withPassword, prepare, text } of failures) {
    it(`explains ${title}`, async () => {
      prepare?.();
      const outcome = await runToEnd(args(), variables);
      expect(errorText(outcome)).to.match(/^CommandError: engine: /);
      expect(errorText(outcome)).to.match(text);
      expect(errorText(outcome)).to.not.include('\n');
      expect(outcome.stdout).to.include('# effective configuration');
      expectNoPassword(outcome);
    });
  }

  it('says what to configure in five lines when no engine is set', async () => {
    const outcome = await runToEnd(['check']);
    expect(errorText(outcome).split('\n'))
      .to.have.length(5)
      .and.include('  HOSTSCORE_ENGINE_URL=https://engine.example.com/ovirt-engine');
    expect(errorText(outcome)).to.match(/^ConfigError: no engine, plugins or services are configured/);
    expect(outcome.stdout).to.equal('');
  });

  it('refuses settings that contradict each other, and names both', async () => {
    const outcome = await runToEnd([...flags(), '--engine-request-timeout', '10m'], withPassword);
    expect(errorText(outcome)).to.match(
      /^ConfigError: engine\.requestTimeout \(--engine-request-timeout\): 10m /,
    );
    expect(errorText(outcome)).to.include('inventory.maxStaleness (5m)');
  });

  it('ends when it is asked to', async () => {
    simulator.faults.set({ hang: {} });
    const program = startProgram(flags(), withPassword);
    await program.written('stdout', /effective configuration/);
    expect(errorText(await program.end())).to.equal('CommandError: engine: stopped before it answered');
  });

  describe('passwordFile', () => {
    const contents: readonly (readonly [title: string, content: string])[] = [
      ['alone', PASSWORD],
      ['with a newline', `${PASSWORD}\n`],
      ['with a newline of Windows', `${PASSWORD}\r\n`],
      ['with two newlines', `${PASSWORD}\n\n`],
      ['after a byte order mark', `\ufeff${PASSWORD}\n`],
    ];
    for (const [title, content] of contents) {
      it(`holds the password ${title}`, async () => {
        const file = folder.write('password', content);
        const outcome = await runToEnd([...flags(), '--engine-password-file', file]);
        expect(errorText(outcome)).to.equal('');
        expectNoPassword(outcome);
      });
    }

    for (const [title, password] of [
      ['a space behind it', `${PASSWORD} `],
      [`${MAX_PASSWORD_LENGTH} characters`, PASSWORD.padEnd(MAX_PASSWORD_LENGTH, '.')],
    ] as const) {
      it(`is asked of the engine as it is, with ${title}`, async () => {
        const file = folder.write('password', `${password}\n`);
        const outcome = await runToEnd([...flags(), '--engine-password-file', file]);
        expect(errorText(outcome)).to.match(/^CommandError: engine: login .* refused /);
        expectNoPassword(outcome);
      });
    }

    const wrong: readonly (readonly [title: string, file: () => string, text: RegExp])[] = [
      [
        'is missing',
        () => `${folder.path}/missing`,
        /^ConfigError: engine\.passwordFile: can't read .*missing: ENOENT/,
      ],
      ['is a folder', () => folder.path, /^ConfigError: engine\.passwordFile: can't read .*EISDIR/],
      ['is empty', () => folder.write('empty', ''), /^ConfigError: engine\.passwordFile: .*empty is empty$/],
      [
        'is one newline',
        () => folder.write('empty', '\n'),
        /^ConfigError: engine\.passwordFile: .*empty is empty$/,
      ],
      [
        'has a second line',
        () => folder.write('lines', `${PASSWORD}\n# of 2024\n`),
        /^ConfigError: engine\.passwordFile: .*lines holds more than one line; keep the password alone$/,
      ],
      [
        'has a tab behind it',
        () => folder.write('tab', `${PASSWORD}\t\n`),
        /^ConfigError: engine\.passwordFile: .*tab holds a tab or another control character; keep the password alone$/,
      ],
      [
        'has a NUL',
        () => folder.write('nul', `${PASSWORD}\0`),
        /^ConfigError: engine\.passwordFile: .*nul holds a tab or another control character; keep the password alone$/,
      ],
      [
        `is ${MAX_PASSWORD_LENGTH} characters long and 1`,
        () => folder.write('long', `${PASSWORD.padEnd(MAX_PASSWORD_LENGTH + 1, '.')}\n`),
        /^ConfigError: engine\.passwordFile: .*long holds more than 1024 characters; keep the password alone$/,
      ],
      [
        'is a device without end',
        () => '/dev/zero',
        /^ConfigError: engine\.passwordFile: can't read \/dev\/zero: it is larger than 1 MiB; name another file$/,
      ],
      [
        'is Latin-1',
        () => folder.write('latin', Buffer.from(`${PASSWORD}\u00e9`, 'latin1')),
        /^ConfigError: engine\.passwordFile: .*latin is not UTF-8; save it as UTF-8$/,
      ],
    ];
    for (const [title, file, text] of wrong) {
      it(title, async () => {
        const outcome = await runToEnd([...flags(), '--engine-password-file', file()]);
        expect(errorText(outcome)).to.match(text);
        expectNoPassword(outcome);
      });
    }

    it('is wrong in the variable as in a file: a newline behind it is no part of it, a second line is refused', async () => {
      const given = (password: string) => runToEnd(flags(), { HOSTSCORE_ENGINE_PASSWORD: password });
      expect(errorText(await given(`${PASSWORD}\n`))).to.equal('');
      const outcome = await given(`${PASSWORD}\n# of 2024`);
      expect(errorText(outcome)).to.match(/^ConfigError: engine\.password: .*more than one line/);
      expectNoPassword(outcome);
    });

    const modes: readonly (readonly [mode: number, warns: boolean])[] = [
      [0o600, false],
      [0o640, false],
      [0o644, true],
    ];
    for (const [mode, warns] of modes) {
      it(`of mode ${mode.toString(8)} draws ${warns ? 'a' : 'no'} warning`, async () => {
        const file = folder.write('password', PASSWORD);
        chmodSync(file, mode);
        const { stderr } = await runToEnd([...flags(), '--engine-password-file', file]);
        const pattern =
          /^\S+ warn {2}secret readable by every user setting=engine\.passwordFile file=\S+password remedy="chmod o= \S+password"\n/;
        expect(pattern.test(stderr), stderr).to.equal(warns);
      });
    }

    it('is a setting of its own beside the variable', async () => {
      const outcome = await runToEnd([...flags(), '--engine-password-file', 'x'], withPassword);
      expect(errorText(outcome)).to.match(/engine\.passwordFile .*set together with a password/);
    });
  });

  describe('configuration', () => {
    const shown = async (args: readonly string[], variables = {}): Promise<unknown> => {
      const { stdout } = await runToEnd(['check', '--json', ...args], variables);
      return z.object({ configuration: z.unknown() }).parse(JSON.parse(stdout)).configuration;
    };

    it('takes flags before variables before the file before the default', async () => {
      const file = folder.write(
        'a.yaml',
        'shutdownGrace: 1s\nlog:\n  level: warn\nserver:\n  listen: 127.0.0.1:1001\n  maxConnections: 7\n',
      );
      const variables = {
        HOSTSCORE_CONFIG: file,
        HOSTSCORE_SERVER_LISTEN: '127.0.0.1:1002',
        HOSTSCORE_LOG_LEVEL: 'error',
      };
      expect(await shown(['--server-listen', '127.0.0.1:1003'], variables)).to.deep.nested.include({
        'server.listen': '127.0.0.1:1003',
        'log.level': 'error',
        shutdownGrace: '1s',
        'server.maxConnections': 7,
        'server.maxHostIds': 10_000,
      });
      const other = folder.write('b.yaml', 'shutdownGrace: 2s\n');
      expect(await shown(['--config', other], variables)).to.include({ shutdownGrace: '2s' });
    });

    const wrong: readonly (readonly [title: string, run: () => Promise<ProgramOutcome>, text: RegExp])[] = [
      [
        'a file that is missing',
        () => runToEnd(['check', '--config', `${folder.path}/none.yaml`]),
        /^ConfigError: .*none\.yaml: can't be read: ENOENT/,
      ],
      [
        'a key that is unknown',
        () => runToEnd(['check', '--config', folder.write('c.yaml', 'engine:\n  uri: x\n')]),
        /^ConfigError: engine\.uri: unknown key in .*c\.yaml; known are url, /,
      ],
      [
        'a variable that is unknown',
        () => runToEnd(['check'], { HOSTSCORE_ENGINE_URI: 'x' }),
        /^ConfigError: HOSTSCORE_ENGINE_URI: unknown variable/,
      ],
      [
        'a flag with a wrong value',
        () => runToEnd(['check', '--inventory-refresh-interval', '30']),
        /^ConfigError: inventory\.refreshInterval \(--inventory-refresh-interval\): expected a duration.*got "30"/,
      ],
      [
        'plain http to another machine',
        () =>
          runToEnd(
            ['check', '--engine-url', 'http://engine.example.com', '--engine-username', 'a@b'],
            withPassword,
          ),
        /^ConfigError: engine\.url.*: plain http would send the password to engine\.example\.com in clear text; write https, or set engine\.allowPlaintext: true$/,
      ],
      [
        'an authority that is none',
        () => runToEnd([...flags(), '--engine-ca-file', 'package.json'], withPassword),
        /^ConfigError: engine\.caFile: expected certificates in PEM form/,
      ],
      [
        'an address of the engine with a query',
        () => runToEnd(flags('http://127.0.0.1:1/ovirt-engine?x=1'), withPassword),
        /^ConfigError: engine\.url \(--engine-url\): expected an http or https address without credentials and query/,
      ],
    ];
    for (const [title, run, text] of wrong) {
      it(`refuses ${title}`, async () => {
        const outcome = await run();
        expect(errorText(outcome)).to.match(text);
        expectNoPassword(outcome);
      });
    }

    it('has no flag for the password', async () => {
      const outcome = await runToEnd(['check', '--engine-password', PASSWORD]);
      expect(errorText(outcome)).to.match(/^UsageError: /);
      expect(outcome.stderr).to.match(/unknown option '--engine-password'/);
    });
  });

  it('tries the engine and each service, and names each that does not answer', async () => {
    const service = await startScoringService(constantService('other'));
    try {
      const services = ['--services', `other=${service.target},gone=127.0.0.1:1`];
      const outcome = await runToEnd([...flags(), ...services], withPassword);
      expect(outcome.stdout).to.match(/\nengine: ok: .*\nservice other: ok: 1 units: other\n$/);
      expect(errorText(outcome)).to.match(/^CommandError: service gone: 127\.0\.0\.1:1: .*ECONNREFUSED/);
    } finally {
      await service.stop();
    }
  });

  const scored = (answer: Partial<ScoreHostsResponse>): PolicyUnitService => ({
    ...constantService('other'),
    scoreHosts: async (request, call) => ({
      ...(await constantService('other').scoreHosts(request, call)),
      ...answer,
    }),
  });
  const unusable: readonly {
    readonly title: string;
    readonly service: PolicyUnitService;
    readonly says: string;
  }[] = [
    {
      title: 'no scores',
      service: scored({ scores: [] }),
      says: `the service's answer breaks the contract: `,
    },
    {
      title: 'a score of 140',
      service: scored({ unitResults: [{ unit: 'other', value: [140] }] }),
      says: 'unit_results[0].scores.values[0]: expected an integer from 0 to 100, got 140',
    },
  ];
  for (const { title, service: lying, says } of unusable) {
    it(`has each service score one host, and names one that answers ${title}`, async () => {
      const service = await startScoringService(lying);
      try {
        const outcome = await runToEnd(['check', ...NO_SERVER, '--services', `other=${service.target}`]);
        expect(errorText(outcome)).to.include(`CommandError: service other: `).and.to.include(says);
      } finally {
        await service.stop();
      }
    });
  }

  it('asks each service once for its units and once for scores, as dry runs', async () => {
    const calls: [string, boolean | undefined][] = [];
    const other = constantService('other');
    const service = await startScoringService({
      ...other,
      listPolicyUnits(call) {
        calls.push(['listPolicyUnits', call.dryRun]);
        return other.listPolicyUnits(call);
      },
      scoreHosts(request, call) {
        calls.push(['scoreHosts', call.dryRun]);
        return other.scoreHosts(request, call);
      },
    });
    try {
      const { error } = await runToEnd(['check', ...NO_SERVER, '--services', `other=${service.target}`]);
      expect(error).to.equal(undefined);
      expect(calls).to.deep.equal([
        ['listPolicyUnits', true],
        ['scoreHosts', true],
      ]);
    } finally {
      await service.stop();
    }
  });

  it('takes it that a service with an inventory knows no such VM', async () => {
    const service = await startScoringService({
      ...constantService('other'),
      scoreHosts: () => Promise.reject(new SchedulingError('NOT_FOUND', 'no VM', { notFound: 'VM' })),
    });
    try {
      const { stdout, error } = await runToEnd([
        'check',
        ...NO_SERVER,
        '--services',
        `other=${service.target}`,
      ]);
      expect(error).to.equal(undefined);
      expect(stdout).to.include('service other: ok: 1 units: other');
    } finally {
      await service.stop();
    }
  });

  it('names what two services offer, and whose it is', async () => {
    const services = [
      await startScoringService(constantService('same')),
      await startScoringService(constantService('same')),
    ];
    const [first, second] = services;
    try {
      const targets = `--services=first=${first?.target ?? ''},second=${second?.target ?? ''}`;
      const outcome = await runToEnd(['check', ...NO_SERVER, targets]);
      expect(errorText(outcome)).to.match(
        /^CommandError: second: SCORE\/same: not used: "first", which comes first, has the score unit "same" too; rename it/,
      );
      expect(outcome.stdout).to.include('service first: ok: 1 units: same');
    } finally {
      for (const service of services) await service.stop();
    }
  });

  it('names units of policies that nobody offers, under the names that services are given here', async () => {
    const service = await startScoringService(constantService('theirs'));
    try {
      const services = `[{name: a, target: "${service.target}", rename: {theirs: ours}}]`;
      const policies = '{p: {filters: [gone], scores: {ours: 1, theirs: 1}}}';
      const outcome = await runToEnd(['check', ...NO_SERVER, '--services', services, '--policies', policies]);
      expect(errorText(outcome)).to.equal(
        'CommandError: policies.p.filters: nobody offers a filter gone\npolicies.p.scores: nobody offers a score unit theirs',
      );
    } finally {
      await service.stop();
    }
  });

  it('names properties of a policy that no unit of it reads, and values that one refuses', async () => {
    const constant = constantService('theirs');
    const property = { name: 'mode', pattern: 'fast|slow', defaultValue: 'fast', description: '' };
    const listPolicyUnits = async (bounded: Call) => {
      const list = await constant.listPolicyUnits(bounded);
      return { ...list, units: list.units.map((unit) => ({ ...unit, properties: [property] })) };
    };
    const service = await startScoringService({ ...constant, listPolicyUnits });
    try {
      const policies =
        '{bad: {scores: {theirs: 1}, properties: {mode: slowly, mod: slow}}, good: {scores: {theirs: 1}, properties: {mode: slow}}, unknown: {scores: {gone: 1}, properties: {other: x}}}';
      const services = `a=${service.target}`;
      const outcome = await runToEnd(['check', ...NO_SERVER, '--services', services, '--policies', policies]);
      expect(errorText(outcome).split('\n')).to.deep.equal([
        'CommandError: policies.bad.properties: no unit of the policy reads mod; they read: mode',
        'policies.bad.properties.mode: theirs expects fast|slow, got "slowly"',
        'policies.unknown.scores: nobody offers a score unit gone',
      ]);
    } finally {
      await service.stop();
    }
  });

  it('names units and properties that a service lists and that can not be used', async () => {
    const service = await startScoringService(constantService('x'.repeat(129)));
    try {
      const outcome = await runToEnd(['check', ...NO_SERVER, '--services', `a=${service.target}`]);
      expect(errorText(outcome)).to.match(
        /^CommandError: service a: SCORE unit "x+"\.\.\.: left out: name: /,
      );
      expect(outcome.stdout).to.include('service a: ok: no units');
    } finally {
      await service.stop();
    }
  });

  describe('of a server that runs', () => {
    it('tells which units it has', async () => {
      const scoring = await startScoring(createWorld({ hosts: [{ id: hostId(1) }] }));
      try {
        const engine = [
          '--engine-url',
          scoring.simulator.url,
          '--engine-username',
          SIMULATOR_ACCOUNT.username,
        ];
        const outcome = await runToEnd(['check', ...engine, '--server-listen', scoring.address], {
          HOSTSCORE_ENGINE_PASSWORD: SIMULATOR_ACCOUNT.password,
        });
        expect(errorText(outcome)).to.equal('');
        expect(outcome.stdout).to.match(
          new RegExp(`\nserver ${scoring.address}: ok: \\d+ units: .*ksm_same_os_score`),
        );
      } finally {
        await scoring.close();
      }
    });

    it('names what holds server.listen and is no gRPC server', async () => {
      const service = await startScoringService(constantService('other'));
      const web = createServer((_, response) => response.end('hello')).listen(0, '127.0.0.1');
      try {
        await once(web, 'listening');
        const at = web.address();
        const address = `127.0.0.1:${typeof at === 'object' ? at?.port : at}`;
        const args = ['check', '--services', `other=${service.target}`, '--server-listen', address];
        expect(errorText(await runToEnd(args))).to.match(
          new RegExp(
            `^CommandError: server ${address} \\(server\\.listen\\): something listens there that does not`,
          ),
        );
      } finally {
        web.close();
        await service.stop();
      }
    });

    it('fails for what is wrong with units there', async () => {
      const services = [
        await startScoringService(constantService('same')),
        await startScoringService(constantService('same')),
      ];
      const [first, second] = services;
      const server = startProgram([
        ...['serve', ...FREE_PORTS, '--state-dir', folder.path],
        `--services=first=${first?.target ?? ''},second=${second?.target ?? ''}`,
      ]);
      try {
        const [, address = ''] = await server.written('stderr', /grpc server listening address=(\S+) /);
        await server.written('stderr', /unit offered twice/);
        const args = ['check', '--services', `first=${first?.target ?? ''}`, '--server-listen', address];
        const outcome = await runToEnd(args);
        expect(errorText(outcome)).to.match(
          new RegExp(
            `^CommandError: server ${address}: second: SCORE/same: not used: "first", which comes first`,
          ),
        );
      } finally {
        await server.end();
        for (const service of services) await service.stop();
      }
    });
  });

  it('needs no engine where services answer alone', async () => {
    const service = await startScoringService(constantService('other'));
    try {
      const outcome = await runToEnd(['check', ...NO_SERVER, '--services', `other=${service.target}`]);
      expect(errorText(outcome)).to.equal('');
      expect(outcome.stdout).to.match(/\nservice other: ok: 1 units: other\n$/);
    } finally {
      await service.stop();
    }
  });
});
