import { expect } from 'chai';
import { Client, credentials } from '@grpc/grpc-js';
import { z } from 'zod';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { listenOn } from '../../src/process/listen.js';
import { policyUnitMethods } from '../../src/rpc/proto.js';
import { createWorld } from '../../src/simulator/world.js';
import { selfSigned } from '../inventory/self-signed.js';
import { errorText, runToEnd, startProgram, type RunningProgram } from '../support/program.js';
import { FREE_PORTS, startScoring } from '../support/scoring.js';
import { constantService, startScoringService } from '../support/scoring-service.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { hostId, vmId } from '../support/world.js';

const DEMO = ['serve', '--demo', ...FREE_PORTS] as const;

const answer = z.object({
  scores: z.array(
    z.object({
      score: z.number(),
      host_name: z.string(),
      reasons: z.array(z.object({ unit: z.string(), text: z.string() })),
    }),
  ),
});

/** Sends a request as grpcurl does: JSON of the contract's own field names. */
async function callAsGrpcurl(address: string, request: unknown): Promise<z.output<typeof answer>> {
  const client = new Client(address, credentials.createInsecure(), { 'grpc.use_local_subchannel_pool': 1 });
  const { path, requestSerialize, responseDeserialize } = policyUnitMethods.ScoreHosts;
  try {
    return await new Promise((resolve, reject) => {
      client.makeUnaryRequest(
        path,
        (value: object) => requestSerialize(value),
        responseDeserialize,
        z.looseObject({}).parse(request),
        (error, response) => (error === null ? resolve(answer.parse(response)) : reject(error)),
      );
    });
  } finally {
    client.close();
  }
}

/** Sends requests as a stream, and waits for its end. */
async function streamAsGrpcurl(address: string, requests: readonly object[]): Promise<void> {
  const client = new Client(address, credentials.createInsecure(), { 'grpc.use_local_subchannel_pool': 1 });
  const { path, requestSerialize, responseDeserialize } = policyUnitMethods.StreamScoreHosts;
  try {
    const stream = client.makeBidiStreamRequest(
      path,
      (value: object) => requestSerialize(value),
      responseDeserialize,
    );
    for (const request of requests) stream.write(request);
    stream.end();
    stream.resume();
    await once(stream, 'end');
  } finally {
    client.close();
  }
}

/** A port on which nothing listens just now, for a configuration that has to name one. */
async function freePort(): Promise<number> {
  const server = createServer();
  const { port } = await listenOn(server, { host: '127.0.0.1', port: 0 });
  await new Promise((closed) => server.close(closed));
  return port;
}

describe('serve', () => {
  const folder = temporaryFolder();
  after(() => folder.remove());

  const started: RunningProgram[] = [];
  function start(args: readonly string[], variables = {}): RunningProgram {
    const program = startProgram(args, variables);
    started.push(program);
    return program;
  }
  afterEach(async () => {
    for (const program of started.splice(0)) await program.end();
  });

  const addressOf = async (program: RunningProgram): Promise<string> => {
    const [, address = ''] = await program.written('stdout', /^Scores hosts at ([^\s;]+)[.;]/m);
    return address;
  };

  it('prints a grpcurl line whose request is answered as it stands', async () => {
    const program = start(DEMO);
    const [, json = '', address = '', method = ''] = await program.written(
      'stdout',
      /^ {2}grpcurl -plaintext -d '([^']*)' (\S+) (\S+)$/m,
    );
    expect(method).to.equal('hostscore.v1.PolicyUnitService/ScoreHosts');
    const { scores } = await callAsGrpcurl(address, JSON.parse(json));
    expect(scores).to.have.length(11);
    for (const { score, reasons, host_name } of scores) {
      const reason = reasons.find(({ unit }) => unit === 'ksm_same_os_score')?.text ?? '';
      expect(score).to.be.at.least(Number(/ = (\d+)$/.exec(reason)?.[1]));
      expect(host_name).to.match(/^(amsterdam|berlin|cracow)-0\d$/);
    }
    expect(program.stderr()).to.match(/warn +no engine configured: using the embedded one world=demo/);
  });

  it('takes another world for the embedded engine', async () => {
    const program = start([...DEMO, '--world', '4x30']);
    await program.written('stderr', /inventory available hosts=4 vms=30/);
  });

  it('says that there is no VM to try where none runs', async () => {
    const program = start([...DEMO, '--world', '4x0']);
    await program.written(
      'stdout',
      /^Scores hosts at 127\.0\.0\.1:\d+; no VM runs, so there is none to try it with\.$/m,
    );
  });

  it('prints nothing when its log is JSON, and logs the same', async () => {
    const program = startProgram(['serve', '--demo', ...FREE_PORTS, '--log-format', 'json']);
    const [line = ''] = await program.written('stderr', /^.*"message":"ready".*$/m);
    await program.end();
    expect(JSON.parse(line))
      .to.include({ level: 'info', tls: false, hosts: 12 })
      .and.have.keys(...['level', 'message', 'timestamp', 'grpc', 'bridge', 'tls', 'hosts']);
    expect(program.stdout()).to.equal('');
  });

  it('refuses to guess: no engine and no --demo is an error', async () => {
    const outcome = await runToEnd(['serve', ...FREE_PORTS]);
    expect(errorText(outcome)).to.match(/^ConfigError: engine\.url: is required: .*; or pass --demo$/);
    expect(outcome.stderr).to.not.include('listening');
  });

  it('prefers an engine that is configured to the embedded one', async () => {
    const scoring = await startScoring(createWorld({ hosts: [{ id: hostId(1) }] }), { args: ['--demo'] });
    expect(scoring.program.stderr()).to.include('inventory available hosts=1 vms=0');
    expect(scoring.program.stderr()).to.not.include('using the embedded one');
    expect(scoring.program.stderr()).to.match(
      /warn +embedded engine not used reason="--demo: engine\.url is set" remedy="unset engine\.url, or leave out --demo"\n/,
    );
    await scoring.close();
  });

  it('refuses a world that can not be made, and leaves nothing open', async () => {
    expect(errorText(await runToEnd([...DEMO, '--world', 'x']))).to.match(
      /^ConfigError: --world: expected demo/,
    );
  });

  it('gives its token back when it ends', async () => {
    const scoring = await startScoring(createWorld({ hosts: [{ id: hostId(1) }] }));
    expect(scoring.simulator.sessions.size()).to.equal(1);
    const outcome = await scoring.program.end();
    expect(errorText(outcome)).to.equal('');
    expect(outcome.stderr).to.match(/info +stopping\n.*info +stopped\n$/);
    expect(scoring.simulator.sessions.size()).to.equal(0);
    await scoring.close();
  });

  it('ends when it is asked to although the engine never answered', async () => {
    const scoring = await startScoring(createWorld(), {
      prepare: ({ faults }) => faults.set({ hang: {} }),
      ready: false,
    });
    expect(errorText(await scoring.program.end())).to.equal('');
    expect(scoring.program.stdout()).to.equal('');
    await scoring.close();
  });

  it('opens no port for probes when they are off', async () => {
    const program = start([...DEMO, '--ops-enabled', 'false']);
    await addressOf(program);
    expect(program.stderr()).to.not.include('ops server');
  });

  it('logs one JSON object a line when told so, the request id in the line of a call', async () => {
    const program = start([...DEMO, '--log-format', 'json', '--log-level', 'debug']);
    const [, address = ''] = await program.written('stderr', /"grpc":"([^"]+)".*"message":"ready"/);
    await callAsGrpcurl(address, { vm_id: vmId(1), request_id: 'from-test' }).catch(() => undefined);
    await program.written('stderr', /"message":"call failed"/);
    const { stderr } = await program.end();
    const lines = stderr
      .trimEnd()
      .split('\n')
      .map((line): unknown => JSON.parse(line));
    const failed = lines.find(
      (line) => z.looseObject({ message: z.literal('call failed') }).safeParse(line).success,
    );
    expect(failed).to.deep.include({ requestId: 'from-test', method: 'ScoreHosts', code: 'NOT_FOUND' });
  });

  it('writes 30 failing calls and 50 failing elements of a stream as the first of each, and the rest at its end', async () => {
    const program = start(DEMO);
    const address = await addressOf(program);
    const call = { vm_id: vmId(404) };
    for (let n = 0; n < 30; n += 1) await callAsGrpcurl(address, call).catch(() => undefined);
    await streamAsGrpcurl(address, Array<object>(50).fill({ vm_id: 'no id' }));
    const linesOf = (text: string) =>
      [...text.matchAll(/call failed.* method=(\w+).* code=(\w+)(?:.* times=(\d+))?/g)].map(
        ([, method, code, times = '1']) => `${method} ${code} ${times}`,
      );
    const first = ['ScoreHosts NOT_FOUND 1', 'StreamScoreHosts INVALID_ARGUMENT 1'];
    expect(linesOf(program.stderr())).to.deep.equal(first);
    const { stderr } = await program.end();
    const rest = ['ScoreHosts NOT_FOUND 29', 'StreamScoreHosts INVALID_ARGUMENT 49'];
    expect(linesOf(stderr)).to.deep.equal([...first, ...rest]);
  });

  describe('a port in use', () => {
    for (const [flag, setting] of [
      ['--server-listen', 'server.listen'],
      ['--ops-listen', 'ops.listen'],
      ['--bridge-listen', 'bridge.listen'],
    ] as const) {
      it(`is one line that names ${setting}, and leaves nothing open`, async () => {
        const address = await addressOf(start(DEMO));
        const outcome = await runToEnd([...DEMO, flag, address]);
        expect(errorText(outcome)).to.match(
          new RegExp(`^CommandError: ${setting}: cannot listen on ${address}: the port.*EADDRINUSE`),
        );
        expect(errorText(outcome)).to.not.include('\n');
      });
    }

    it('is a line of each of the three where all are in use', async () => {
      const address = await addressOf(start(DEMO));
      const flags = ['--server-listen', address, '--bridge-listen', address, '--ops-listen', address];
      const lines = errorText(await runToEnd([...DEMO, ...flags])).split('\n');
      expect(lines.map((line) => /(\w+\.listen): .*EADDRINUSE/.exec(line)?.[1])).to.deep.equal([
        'bridge.listen',
        'ops.listen',
        'server.listen',
      ]);
    });
  });

  describe('TLS', () => {
    const server = selfSigned('127.0.0.1');
    const client = selfSigned('127.0.0.1');
    const stranger = selfSigned('127.0.0.1');
    const cert = folder.write('server.pem', server.cert);
    const key = folder.write('server.key', server.key);
    const clientCert = folder.write('client.pem', client.cert);
    const clientKey = folder.write('client.key', client.key);
    const strangerCert = folder.write('stranger.pem', stranger.cert);
    const strangerKey = folder.write('stranger.key', stranger.key);
    const tls = ['--server-tls-cert-file', cert, '--server-tls-key-file', key];
    const mutual = [...tls, '--server-tls-client-ca-file', clientCert];

    const commands = [
      ['units'],
      ['health'],
      ['score', '--vm', 'b0000000-0000-4000-8000-000000000001', '--json'],
    ] as const;

    it('serves units, health and score to a client with --ca', async () => {
      const program = start([...DEMO, ...tls]);
      const address = await addressOf(program);
      expect(program.stdout()).to.match(/^ {2}grpcurl -cacert CA\.pem -d /m);
      for (const command of commands) {
        const outcome = await runToEnd([...command, '--server', address, '--ca', cert]);
        expect(errorText(outcome)).to.equal('');
        expect(outcome.stdout).to.not.equal('');
      }
    });

    it('serves a client with --ca, --cert and --key where certificates are demanded', async () => {
      const address = await addressOf(start([...DEMO, ...mutual]));
      const own = ['--ca', cert, '--cert', clientCert, '--key', clientKey];
      for (const command of commands) {
        expect(errorText(await runToEnd([...command, '--server', address, ...own]))).to.equal('');
      }
    });

    it('serves units, health and score to a client that reads where the server is from its configuration', async () => {
      const elsewhere = selfSigned('192.0.2.1');
      const port = await freePort();
      const config = folder.write(
        'hostscore.yaml',
        [
          'server:',
          `  listen: 0.0.0.0:${port}`,
          `  tlsCertFile: ${folder.write('elsewhere.pem', elsewhere.cert)}`,
          `  tlsKeyFile: ${folder.write('elsewhere.key', elsewhere.key)}`,
        ].join('\n'),
      );
      const listen = ['--ops-listen', '127.0.0.1:0', '--bridge-listen', '127.0.0.1:0'];
      await addressOf(start(['serve', '--demo', '--config', config, ...listen]));
      for (const command of commands) {
        expect(errorText(await runToEnd(command, { HOSTSCORE_CONFIG: config }))).to.equal('');
      }
      expect((await runToEnd(['health', '--config', config])).stdout).to.equal('SERVING\n');
    });

    const refused: readonly (readonly [
      title: string,
      server: readonly string[],
      client: readonly string[],
    ])[] = [
      ['a client in plain text', tls, []],
      ['a client that trusts another authority', tls, ['--ca', strangerCert]],
      ['a client without a certificate', mutual, ['--ca', cert]],
      [
        'a client with a stranger’s certificate',
        mutual,
        ['--ca', cert, '--cert', strangerCert, '--key', strangerKey],
      ],
      [
        'a client with a certificate and no --ca, which never goes in plain text',
        [],
        ['--cert', clientCert, '--key', clientKey],
      ],
    ];
    for (const [title, ofServer, ofClient] of refused) {
      it(`refuses ${title}`, async () => {
        const address = await addressOf(start([...DEMO, ...ofServer]));
        const outcome = await runToEnd(['units', '--server', address, ...ofClient]);
        expect(outcome.error).to.include({ code: 'UNAVAILABLE' });
        expect(outcome.stdout).to.equal('');
      });
    }

    const wrong: readonly (readonly [title: string, args: readonly string[], text: RegExp])[] = [
      [
        'a certificate that is missing',
        ['--server-tls-cert-file', `${folder.path}/none`, '--server-tls-key-file', key],
        /^ConfigError: server\.tlsCertFile: can't read .*none: ENOENT/,
      ],
      [
        'a certificate that is none',
        ['--server-tls-cert-file', key, '--server-tls-key-file', key],
        /^ConfigError: server\.tlsCertFile.*: tls: cert and key are not a PEM certificate and its private key/,
      ],
      [
        'the key of another certificate',
        ['--server-tls-cert-file', cert, '--server-tls-key-file', clientKey],
        /^ConfigError: .*server\.tlsKeyFile.*: tls: cert and key are not/,
      ],
      [
        'an authority for clients that is none',
        [...tls, '--server-tls-client-ca-file', key],
        /^ConfigError: .*server\.tlsClientCaFile.*: tls\.clientCa: not a PEM certificate/,
      ],
    ];
    for (const [title, args, text] of wrong) {
      it(`explains ${title}`, async () => {
        expect(errorText(await runToEnd([...DEMO, ...args]))).to.match(text);
      });
    }

    it('refuses half a pair of a client', async () => {
      const outcome = await runToEnd(['units', '--ca', cert, '--cert', clientCert]);
      expect(errorText(outcome)).to.match(/^ConfigError: .*--cert, --key: tls: cert and key belong together/);
    });
  });
});

describe('serve with services', () => {
  const folder = temporaryFolder();
  after(() => folder.remove());

  it('keeps a unit of its own that a service offers too, with nothing remembered, and names the conflict', async () => {
    const service = await startScoringService(constantService('ksm_same_os_score'));
    const state = ['--state-dir', folder.path];
    const server = startProgram([...DEMO, ...state, `--services=gpu=${service.target}`]);
    try {
      const [, address = ''] = await server.written('stderr', /grpc server listening address=(\S+) /);
      await server.written('stderr', /unit offered twice .*kept=local ignored=gpu/);
      const { stdout, error } = await runToEnd(['units', '--server', address]);
      expect(errorText({ error })).to.equal('');
      expect(stdout.match(/^ksm_same_os_score /gm)).to.have.length(1);
      expect(stdout).to.include('gpu: SCORE/ksm_same_os_score: not used: "local", which comes first');
    } finally {
      expect(errorText(await server.end())).to.equal('');
      await service.stop();
    }
  });

  for (const timeout of [300, 2000]) {
    it(`lists the units that it knows within ${timeout} ms, and names the service that never answered`, async () => {
      const mute = createServer(() => undefined).listen(0, '127.0.0.1');
      await once(mute, 'listening');
      const at = mute.address();
      const target = `127.0.0.1:${typeof at === 'object' ? at?.port : at}`;
      const service = await startScoringService(constantService('other'));
      const services = `--services=gpu=${service.target},mute=${target}`;
      const server = startProgram([
        'serve',
        ...FREE_PORTS,
        '--state-dir',
        `${folder.path}/${timeout}`,
        services,
      ]);
      try {
        const [, address = ''] = await server.written('stderr', /grpc server listening address=(\S+) /);
        await server.written('stderr', /service listed service=gpu/);
        const outcome = await runToEnd(['units', '--server', address, '--timeout', `${timeout}ms`]);
        expect(errorText(outcome)).to.equal('');
        expect(outcome.stdout).to.match(/^other /m);
        expect(outcome.stdout).to.include('mute: the service has not been listed yet');
      } finally {
        await server.end();
        await service.stop();
        mute.close();
        mute.unref();
      }
    });
  }
});
