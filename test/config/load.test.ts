import { expect } from 'chai';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { policiesOf } from '../../src/config/policies.js';
import { MAX_SHADOWS } from '../../src/config/shadows.js';
import { policyHash } from '../../src/domain/policies.js';
import {
  ConfigError,
  loadConfig,
  MAX_NESTING,
  configHash,
  redact,
  settings,
  type ConfigSources,
} from '../../src/config/load.js';
import { MAX_FILE_BYTES } from '../../src/process/files.js';

const ENGINE = {
  HOSTSCORE_ENGINE_URL: 'https://engine.example.com/ovirt-engine',
  HOSTSCORE_ENGINE_USERNAME: 'hostscore@internal',
  HOSTSCORE_ENGINE_PASSWORD: 'hunter2',
};

/** A list in a list, that deep. */
const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);

describe('configuration', () => {
  const dir = mkdtempSync(join(tmpdir(), 'hostscore-config-'));
  after(() => rmSync(dir, { recursive: true }));

  function load(sources: Partial<ConfigSources> & { readonly yaml?: string | Uint8Array }) {
    let { file } = sources;
    if (sources.yaml !== undefined) {
      file = join(dir, 'hostscore.yaml');
      writeFileSync(file, sources.yaml);
    }
    return loadConfig({ file, variables: sources.variables ?? {}, flags: sources.flags ?? {} });
  }

  function problems(sources: Parameters<typeof load>[0]): string {
    try {
      load(sources);
    } catch (error) {
      if (error instanceof ConfigError) return error.message.replaceAll(dir, 'DIR');
      throw error;
    }
    throw new Error('expected a ConfigError');
  }

  it('has a default for everything but the engine', () => {
    const config = load({});
    expect(config.server.listen).to.deep.equal({ host: '127.0.0.1', port: 50051 });
    expect(config.engine.url).to.equal(undefined);
    expect(config.inventory.refreshInterval).to.equal(30_000);
  });

  it('prefers flags to variables to the file', () => {
    const yaml = 'server:\n  maxConnections: 1\n  maxHostIds: 1\n  maxConcurrentCalls: 1\n';
    const variables = { HOSTSCORE_SERVER_MAX_HOST_IDS: '2', HOSTSCORE_SERVER_MAX_CONCURRENT_CALLS: '2' };
    const { server } = load({ yaml, variables, flags: { 'server.maxConcurrentCalls': '3' } });
    expect([server.maxConnections, server.maxHostIds, server.maxConcurrentCalls]).to.deep.equal([1, 2, 3]);
  });

  it('reads a file behind a byte order mark', () => {
    expect(load({ yaml: '\ufefflog:\n  level: warn\n' }).log.level).to.equal('warn');
  });

  it('names each setting the same way in all three', () => {
    const setting = settings.find(({ path }) => path === 'engine.caFile');
    expect(setting).to.deep.include({ variable: 'HOSTSCORE_ENGINE_CA_FILE', flag: '--engine-ca-file' });
    expect(settings.find(({ path }) => path === 'shutdownGrace')?.variable).to.equal(
      'HOSTSCORE_SHUTDOWN_GRACE',
    );
    expect(settings.every(({ description }) => description !== '')).to.equal(true);
  });

  it('has no flag for the password', () => {
    expect(settings.filter(({ flag }) => flag === undefined).map(({ path }) => path)).to.deep.equal([
      'engine.password',
    ]);
  });

  const values: readonly (readonly [path: string, text: string, parsed: unknown])[] = [
    ['inventory.refreshInterval', '500ms', 500],
    ['inventory.refreshInterval', '1.5s', 1500],
    ['inventory.refreshInterval', '1m', 60_000],
    ['server.maxMessageSize', '512KiB', 524_288],
    ['server.maxMessageSize', '4MiB', 4_194_304],
    ['server.listen', '[::1]:0', { host: '::1', port: 0 }],
    ['server.listen', 'localhost:50052', { host: 'localhost', port: 50_052 }],
    ['ops.enabled', 'false', false],
    ['log.format', 'json', 'json'],
    [
      'services',
      'a=127.0.0.1:1, b=dns:///b:2',
      [
        { name: 'a', target: '127.0.0.1:1', deadline: 800, tls: false },
        { name: 'b', target: 'dns:///b:2', deadline: 800, tls: false },
      ],
    ],
    [
      'services',
      '[{ name: a, target: "unix:/a", deadline: 2s, units: [u], rename: { u: v } }]',
      [{ name: 'a', target: 'unix:/a', deadline: 2000, tls: false, units: ['u'], rename: { u: 'v' } }],
    ],
    ['services', '', []],
    [
      'policies',
      '{spread: {filters: [a], scores: {u: 2, v: 0}, properties: {on: true, max: 3, os: family}}}',
      {
        spread: {
          filters: ['a'],
          scores: { u: 2, v: 0 },
          properties: { on: 'true', max: '3', os: 'family' },
        },
      },
    ],
    ['policies', '', {}],
    [
      'shadow',
      '[{ name: next, target: "next:50051", sample: 0.1 }]',
      [{ name: 'next', target: 'next:50051', sample: 0.1, tls: false }],
    ],
    ['shadow', '', []],
  ];
  for (const [path, text, parsed] of values) {
    it(`reads ${path}: ${text} as ${JSON.stringify(parsed)}`, () => {
      const config: unknown = load({ flags: { [path]: text } });
      expect(config).to.have.nested.property(path).that.deep.equals(parsed);
    });
  }

  type Bad = readonly [title: string, sources: Parameters<typeof load>[0], problem: string | RegExp];
  const bad: readonly Bad[] = [
    [
      'an unknown key',
      { yaml: 'server:\n  lissten: 127.0.0.1:1\n' },
      /^server\.lissten: unknown key in DIR\/hostscore\.yaml; known are listen, allowPlaintext, /,
    ],
    [
      'an unknown section',
      { yaml: 'sevrer: {}\n' },
      /^sevrer: unknown key .*; known are engine, inventory, balancing, plugins, services, policies, shadow, composite, state, decisions, bridge, server, ops, log, shutdownDelay, shutdownGrace$/,
    ],
    [
      'an unknown variable',
      { variables: { HOSTSCORE_SERVER_LISSTEN: 'x' } },
      /^HOSTSCORE_SERVER_LISSTEN: unknown variable; /,
    ],
    [
      'a wrong address, naming the variable',
      { variables: { HOSTSCORE_SERVER_LISTEN: 'foo' } },
      'server.listen (HOSTSCORE_SERVER_LISTEN): expected host:port, or unix:PATH of at most 103 bytes; got "foo"',
    ],
    [
      'a wrong address, naming the flag',
      { flags: { 'server.listen': '127.0.0.1:65536' } },
      'server.listen (--server-listen): expected host:port, or unix:PATH of at most 103 bytes; got "127.0.0.1:65536"',
    ],
    [
      'a duration without a unit',
      { yaml: 'inventory:\n  refreshInterval: 30\n' },
      'inventory.refreshInterval: expected a duration such as 500ms, 30s or 5m, got 30',
    ],
    [
      'a duration of 0 that has to be more',
      { yaml: 'inventory:\n  refreshInterval: 0\n' },
      'inventory.refreshInterval: expected a duration such as 500ms, 30s or 5m, from 100ms to 1h; got 0',
    ],
    [
      'a duration out of range',
      { flags: { 'inventory.refreshInterval': '1ms' } },
      'inventory.refreshInterval (--inventory-refresh-interval): expected a duration such as 500ms, 30s or 5m, from 100ms to 1h; got "1ms"',
    ],
    [
      'a size with a wrong unit',
      { flags: { 'server.maxMessageSize': '4MB' } },
      /expected a size such as 512KiB or 4MiB, from 1KiB to 256MiB; got "4MB"$/,
    ],
    [
      'an integer that is none',
      { flags: { 'server.maxConnections': '1.5' } },
      'server.maxConnections (--server-max-connections): expected an integer from 1 to 100000, got "1.5"',
    ],
    [
      'a flag that is neither',
      { flags: { 'ops.enabled': 'yes' } },
      'ops.enabled (--ops-enabled): expected true or false, got "yes"',
    ],
    [
      'a word that is none of them',
      { flags: { 'log.level': 'loud' } },
      'log.level (--log-level): expected one of error, warn, info, debug; got "loud"',
    ],
    [
      'a password in the file',
      { yaml: 'engine:\n  password: hunter2\n' },
      /^engine\.password: is not read from the file; use the variable HOSTSCORE_ENGINE_PASSWORD/,
    ],
    [
      'an engine without an account',
      { variables: { HOSTSCORE_ENGINE_URL: 'https://e/ovirt-engine' } },
      /^engine\.username: is required/,
    ],
    [
      'credentials in the address, without repeating them',
      { variables: { ...ENGINE, HOSTSCORE_ENGINE_URL: 'https://admin:hunter2@e/ovirt-engine' } },
      'engine.url (HOSTSCORE_ENGINE_URL): expected an http or https address without credentials and query, got "https://***@e/ovirt-engine"',
    ],
    [
      'credentials with an @ in them, without repeating them',
      { variables: { ...ENGINE, HOSTSCORE_ENGINE_URL: 'https://bob:hunter2@hunter2@e/ovirt-engine' } },
      /got "https:\/\/\*\*\*@e\/ovirt-engine"$/,
    ],
    ...['https://bob:hunt/er2@e/', 'https:/bob:hunter2@e/', 'https:bob:hunter2@e/', 'bob:hunter2@e/'].map(
      (url): Bad => [
        `credentials in ${url}, without repeating them`,
        { variables: { ...ENGINE, HOSTSCORE_ENGINE_URL: url } },
        /got "(https:\/{0,2})?\*\*\*@e\/"$/,
      ],
    ),
    [
      'an empty password',
      { variables: { ...ENGINE, HOSTSCORE_ENGINE_PASSWORD: '' } },
      'engine.password (HOSTSCORE_ENGINE_PASSWORD): expected a password, got an empty value; set it, or engine.passwordFile',
    ],
    [
      'a query, without repeating it',
      { variables: { ...ENGINE, HOSTSCORE_ENGINE_URL: 'https://e/ovirt-engine?password=hunter2' } },
      /got "https:\/\/e\/ovirt-engine\?\*\*\*"$/,
    ],
    [
      'a file with a secret on its wrong line, without repeating it',
      { yaml: 'engine:\n  password: "hunter2" x\n' },
      /is not YAML/,
    ],
    [
      'readings further apart than a snapshot lasts',
      {
        flags: {
          'inventory.refreshInterval': '100s',
          'inventory.maxStaleness': '110s',
        },
      },
      /^inventory\.maxStaleness .*has to be longer than inventory\.refreshInterval by more than a tenth/,
    ],
    [
      'two passwords',
      { variables: { ...ENGINE, HOSTSCORE_ENGINE_PASSWORD_FILE: '/x' } },
      /^engine\.passwordFile \(HOSTSCORE_ENGINE_PASSWORD_FILE\): is set together/,
    ],
    [
      'plain text beyond loopback',
      { flags: { 'server.listen': '0.0.0.0:50051' } },
      /^server\.listen \(--server-listen\): 0\.0\.0\.0 is beyond loopback; set server\.tlsCertFile/,
    ],
    [
      'probes beyond loopback',
      { flags: { 'ops.listen': '0.0.0.0:1' } },
      /^ops\.listen \(--ops-listen\): 0\.0\.0\.0 is beyond loopback; set ops\.tls: true, or ops\.allow/,
    ],
    [
      'probes over TLS without a certificate',
      { flags: { 'ops.tls': 'true' } },
      /^ops\.tls \(--ops-tls\): needs server\.tlsCertFile and server\.tlsKeyFile/,
    ],
    [
      'half of a key pair',
      { flags: { 'server.tlsCertFile': '/x' } },
      /^server\.tlsKeyFile: goes together with server\.tlsCertFile/,
    ],
    [
      'client certificates without TLS',
      { flags: { 'server.tlsClientCaFile': '/x' } },
      /^server\.tlsClientCaFile .*needs server\.tlsCertFile/,
    ],
    [
      'a snapshot that dies before the next',
      { flags: { 'inventory.maxStaleness': '30s' } },
      /^inventory\.maxStaleness .*has to be longer/,
    ],
    [
      'an answer that may take longer than a third of the age of a snapshot: 20001 ms of 60 s',
      { flags: { 'inventory.maxStaleness': '60s', 'engine.requestTimeout': '20001ms' } },
      'engine.requestTimeout (--engine-request-timeout): 20001ms is longer than a third of inventory.maxStaleness (1m), in which a reading of the engine has to end; set at most 20s, or raise the other',
    ],
    ...['engine.connectTimeout', 'engine.responseTimeout', 'inventory.lookupTimeout'].map((path): Bad => [
      `${path} longer than a whole answer may take`,
      { yaml: `${path.replace('.', ': { ')}: 9001ms }\n`, flags: { 'engine.requestTimeout': '9s' } },
      `${path}: 9001ms is longer than engine.requestTimeout (9s), which would end it before; set at most 9s, or raise the other`,
    ]),
    [
      'a snapshot to balance by that is older than one may be',
      { flags: { 'balancing.maxSnapshotAge': '301s' } },
      /^balancing\.maxSnapshotAge .*: 301s is longer than inventory\.maxStaleness \(5m\), from which .*; set at most 5m/,
    ],
    [
      'more host ids than fit into a message: 38 bytes each',
      { flags: { 'server.maxHostIds': '27595', 'server.maxMessageSize': '1MiB' } },
      /^server\.maxHostIds .*: 27595 is more than fit into server\.maxMessageSize \(1MiB\); set at most 27594,/,
    ],
    [
      'a service without a target, by its place in the list',
      { yaml: 'services:\n  - name: a\n    target: a:1\n  - name: b\n' },
      /^services\[1\]\.target: is required: a gRPC target/,
    ],
    [
      'an unknown key of a service',
      { yaml: 'services:\n  - name: a\n    target: a:1\n    dedline: 1s\n' },
      /^services\[0\]\.dedline: unknown key in DIR.*; known are name, target, deadline, tls, /,
    ],
    [
      'two services of one name',
      { flags: { services: 'a=x:1,a=y:1' } },
      'services[1].name: "a" is the name of another service; choose another',
    ],
    [
      'a service with the name of the engine of this process',
      { flags: { services: 'local=x:1' } },
      /^services\[0\]\.name: "local" and "plugins" are parts of this process/,
    ],
    [
      'half of the key pair of a service',
      { yaml: 'services:\n  - name: a\n    target: a:1\n    tlsCertFile: c\n' },
      /^services\[0\]\.tlsKeyFile: goes together with tlsCertFile/,
    ],
    [
      'services that are no list',
      { flags: { services: '[{' } },
      'services (--services): expected a list of services, or name=target,name=target',
    ],
    [
      'policies that are no map',
      { flags: { policies: '[a]' } },
      'policies (--policies): expected policies by name, such as {spread: {scores: {unit: 1}}}',
    ],
    [
      'a policy without a unit',
      { yaml: 'policies:\n  none: {properties: {a: b}}\n' },
      'policies.none: names no unit; set filters or scores',
    ],
    [
      'a policy with a name that no service could have',
      { yaml: 'policies:\n  a b: {filters: [a]}\n' },
      /^policies\.a b: .*letters, digits, dots/,
    ],
    [
      'an unknown key of a policy, though its name has a dot',
      { yaml: 'policies:\n  a.b: {filters: [f], weights: {u: 1}}\n' },
      /^policies\.a\.b\.weights: unknown key in DIR.*; known are filters, scores, properties$/,
    ],
    [
      'a weight below 0',
      { yaml: 'policies:\n  a: {scores: {u: -1}}\n' },
      'policies.a.scores.u: expected an integer from 0 to 21474836, got -1',
    ],
    [
      'weights that add up to more than the engine can hold',
      { yaml: 'policies:\n  a: {scores: {u: 21474836, v: 1}}\n' },
      'policies.a: the weights add up to more than 21474836',
    ],
    [
      'the name of a property that no unit can have',
      { yaml: 'policies:\n  a: {filters: [a], properties: {a-b: 1}}\n' },
      /^policies\.a\.properties\.a-b: .*letters, digits and underscores/,
    ],
    [
      'shadows that are no list',
      { flags: { shadow: 'dense' } },
      'shadow (--shadow): expected a list of shadows, such as [{name: dense, policy: dense}]',
    ],
    [
      'a shadow of nothing',
      { yaml: 'shadow:\n  - name: a\n' },
      'shadow[0].policy: is required, or a target: what to compare with',
    ],
    [
      'a shadow of two things',
      { yaml: 'policies: {p: {filters: [f]}}\nshadow:\n  - {name: a, policy: p, target: t}\n' },
      'shadow[0].target: is set together with a policy; keep one of them, or make two shadows',
    ],
    [
      'a shadow of a policy that there is not',
      { yaml: 'shadow:\n  - {name: a, policy: constructor}\n' },
      'shadow[0].policy: there is no policy "constructor"; add it to policies',
    ],
    [
      'two shadows of one name',
      { yaml: 'shadow:\n  - {name: a, target: t}\n  - {name: a, target: u}\n' },
      'shadow[1].name: "a" is the name of another shadow; choose another',
    ],
    [
      'an unknown key of a shadow',
      { yaml: 'shadow:\n  - {name: a, target: t, smaple: 1}\n' },
      /^shadow\[0\]\.smaple: unknown key in DIR.*; known are name, policy, target, sample, tls, /,
    ],
    [
      'a share of no decision',
      { yaml: 'shadow:\n  - {name: a, target: t, sample: 0}\n' },
      'shadow[0].sample: expected a share above 0, such as 0.1',
    ],
    [
      'a share of more than all',
      { yaml: 'shadow:\n  - {name: a, target: t, sample: 2}\n' },
      'shadow[0].sample: expected a share of at most 1, which is all of them',
    ],
    [
      'shadows where no decision is remembered',
      { yaml: 'decisions: {enabled: false}\nshadow:\n  - {name: a, target: t}\n' },
      'shadow: compares what decisions.enabled remembers, which is off; turn that on, or remove the shadows',
    ],
    [
      'TLS to a policy',
      { yaml: 'policies: {p: {filters: [f]}}\nshadow:\n  - {name: a, policy: p, tls: true}\n' },
      'shadow[0].tls: is for a target',
    ],
    [
      `${MAX_SHADOWS + 1} shadows`,
      {
        yaml: `shadow:\n${Array.from({ length: MAX_SHADOWS + 1 }, (_, n) => `  - {name: s${n}, target: t}\n`).join('')}`,
      },
      `shadow: expected at most ${MAX_SHADOWS} shadows`,
    ],
    [
      'a bridge beyond loopback that nobody meant',
      { flags: { 'bridge.listen': '0.0.0.0:18781' } },
      /^bridge\.listen .*0\.0\.0\.0 is beyond loopback; set bridge\.allowPlaintext: true/,
    ],
    [
      'a port that is no setting, though Kubernetes has variables of such names',
      { variables: { HOSTSCORE_SERVER_PORT: '50051' } },
      /^HOSTSCORE_SERVER_PORT: unknown variable; /,
    ],
    [
      'a file that is not there',
      { file: '/nowhere/hostscore.yaml' },
      /^\/nowhere\/hostscore\.yaml: can't be read: ENOENT/,
    ],
    ['a file that is not YAML', { yaml: 'a: [\n' }, /^DIR\/hostscore\.yaml: is not YAML: .*, at line 2$/],
    [
      'a file in Latin-1',
      { yaml: Buffer.from('engine:\n  username: h\u00e9@internal\n', 'latin1') },
      'DIR/hostscore.yaml: is not UTF-8; save it as UTF-8',
    ],
    [
      'a file in UTF-16',
      { yaml: Buffer.from('\ufefflog: {}\n', 'utf16le') },
      'DIR/hostscore.yaml: is not UTF-8; save it as UTF-8',
    ],
    [
      'a file larger than 1 MiB',
      { yaml: '#'.repeat(MAX_FILE_BYTES + 1) },
      /^DIR\/hostscore\.yaml: can't be read: it is larger than 1 MiB; name another file$/,
    ],
    [
      'a file without end',
      { file: '/dev/zero' },
      "/dev/zero: can't be read: it is larger than 1 MiB; name another file",
    ],
    ...['[', '- ', '{a: ', '? '].map((opening): Bad => [
      `a file of 100,000 times ${opening}`,
      { yaml: opening.repeat(100_000) },
      'DIR/hostscore.yaml: nests more than 100 levels deep; a configuration has four',
    ]),
    [
      'a file of 101 levels: the document, a key and 99 lists',
      { yaml: `log: ${nested(MAX_NESTING - 1)}\n` },
      'DIR/hostscore.yaml: nests more than 100 levels deep; a configuration has four',
    ],
    [
      'a file of 100 levels for its content only',
      { yaml: `log: ${nested(MAX_NESTING - 2)}\n` },
      /^log: .*expected object/,
    ],
    [
      'a file of two documents',
      { yaml: 'log:\n  level: warn\n---\nlog:\n  level: info\n' },
      'DIR/hostscore.yaml: holds several YAML documents; keep one, up to the --- at line 3',
    ],
    [
      'a tag, which is not read',
      { yaml: 'log:\n  level: !secret warn\n' },
      'DIR/hostscore.yaml: is not YAML: Unresolved tag: !secret, at line 2',
    ],
    [
      'a file without keys',
      { yaml: '- a\n' },
      'DIR/hostscore.yaml: expected keys such as engine: and server:',
    ],
    ['a section that is none', { yaml: 'server: 5\n' }, /^server: /],
    [
      'an empty variable',
      { variables: { HOSTSCORE_ENGINE_URL: '' } },
      /^engine\.url \(HOSTSCORE_ENGINE_URL\): expected text, got an empty value/,
    ],
  ];
  for (const [title, flags] of [
    ['an answer may take', { 'inventory.maxStaleness': '60s', 'engine.requestTimeout': '20s' }],
    ['a default that another setting shortens gives way', { 'inventory.maxStaleness': '60s' }],
    ['ids may fit into a message', { 'server.maxHostIds': '27594', 'server.maxMessageSize': '1MiB' }],
  ] as const) {
    it(`takes settings that just go together: ${title}`, () => {
      expect(() => load({ flags })).not.to.throw();
    });
  }

  for (const [title, sources, problem] of bad) {
    it(`refuses ${title}`, () => {
      const text = problems(sources);
      if (typeof problem === 'string') expect(text).to.equal(problem);
      else expect(text).to.match(problem);
      expect(text).not.to.include('hunter2');
    });
  }

  it('takes a file of 1 MiB', () => {
    const rest = 'log: {level: warn}\n';
    expect(load({ yaml: rest.padStart(MAX_FILE_BYTES, '\n') }).log.level).to.equal('warn');
  });

  it('takes a duration of 0 without a unit, where it may be 0', () => {
    const { inventory, server } = load({
      yaml: 'inventory:\n  eventInterval: 0\n',
      flags: { 'server.maxConnectionAge': '0' },
    });
    expect([inventory.eventInterval, server.maxConnectionAge]).to.deep.equal([0, 0]);
  });

  it('takes a section without keys as empty', () => {
    expect(load({ yaml: 'engine:\nserver:\nservices:\n' })).to.deep.equal(load({}));
  });

  it('says all that is wrong at once', () => {
    expect(
      problems({ flags: { 'log.level': 'x', 'log.format': 'y' }, variables: { HOSTSCORE_X: '1' } }).split(
        '\n',
      ),
    ).to.have.length(3);
  });

  it('allows plain text beyond loopback when told so, and TLS anyway', () => {
    load({ flags: { 'server.listen': '0.0.0.0:1', 'server.allowPlaintext': 'true' } });
    const tls = { 'server.tlsCertFile': 'c', 'server.tlsKeyFile': 'k' };
    load({ flags: { 'server.listen': '0.0.0.0:1', ...tls } });
    load({ flags: { 'ops.listen': '0.0.0.0:1', 'ops.tls': 'true', ...tls } });
  });

  it('passes over the variables that Kubernetes adds for a service named hostscore', () => {
    load({
      variables: {
        HOSTSCORE_SERVICE_HOST: '10.0.0.1',
        HOSTSCORE_SERVICE_PORT: '50051',
        HOSTSCORE_SERVICE_PORT_GRPC: '50051',
        HOSTSCORE_PORT: 'tcp://10.0.0.1:50051',
        HOSTSCORE_PORT_50051_TCP_ADDR: '10.0.0.1',
        HOSTSCORE_BRIDGE_SERVICE_HOST: '10.0.0.2',
        HOSTSCORE_BRIDGE_PORT: 'tcp://10.0.0.2:18781',
        HOSTSCORE_BRIDGE_PORT_18781_TCP: 'tcp://10.0.0.2:18781',
      },
    });
  });

  it('makes policies whose weights are explicit, with their hash', () => {
    const { policies } = load({ yaml: 'policies:\n  p:\n    scores: {u: 2}\n    properties: {n: 1}\n' });
    const content = {
      filters: [],
      scores: [{ name: 'u', weight: 2 }],
      properties: new Map([['n', '1']]),
    };
    expect([...policiesOf(policies)]).to.deep.equal([
      ['p', { name: 'p', ...content, hash: policyHash(content) }],
    ]);
  });

  it('has a hash that changes with a setting, and not with a secret', () => {
    const hashOf = (variables: Record<string, string>) =>
      configHash(load({ variables: { ...ENGINE, ...variables } }));
    expect(hashOf({})).to.match(/^[0-9a-f]{12}$/);
    expect(hashOf({ HOSTSCORE_ENGINE_PASSWORD: 'another' })).to.equal(hashOf({}));
    expect(hashOf({ HOSTSCORE_SHUTDOWN_GRACE: '11s' })).not.to.equal(hashOf({}));
  });

  it('writes itself back as it would be written, without secrets', () => {
    const flags = { policies: '{p: {scores: {u: 2}}}', services: 'a=x:1', shadow: '[{name: s, policy: p}]' };
    const written = { variables: ENGINE, flags };
    const text = redact(load(written));
    expect(text).to.include('password: (set, not shown)').and.not.include('hunter2');
    expect(text)
      .to.include('refreshInterval: 30s')
      .and.include('maxStaleness: 5m')
      .and.include('maxMessageSize: 1MiB');
    expect(text).to.include('listen: 127.0.0.1:50051').and.include('shutdownGrace: 10s');
    const yaml = text.replace(/^ *password:.*\n/m, '');
    expect(load({ yaml, variables: ENGINE })).to.deep.equal(load(written));
  });
});
