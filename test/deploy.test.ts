import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import { parse, parseAllDocuments } from 'yaml';
import { z } from 'zod';
import { loadConfig, settings } from '../src/config/load.js';
import { SIMULATOR_ACCOUNT } from '../src/simulator/simulator.js';
import { temporaryFolder } from './support/temporary-folder.js';

const read = (file: string) => readFileSync(new URL(`../deploy/${file}`, import.meta.url), 'utf8');

const folder = temporaryFolder();
after(() => folder.remove());

/** Returns the configuration of a process with these variables and arguments, its file given as a text. */
function configOf(variables: Readonly<Record<string, string>>, args: readonly string[] = [], file?: string) {
  const flags: Record<string, string> = {};
  for (const { path, flag } of settings) {
    const at = flag === undefined ? -1 : args.indexOf(flag);
    if (at >= 0) flags[path] = args[at + 1] ?? '';
  }
  const given = Object.fromEntries(
    Object.entries(variables).filter(([name]) => /^HOSTSCORE_(?!CONFIG$)/.test(name)),
  );
  return loadConfig({
    file: file === undefined ? undefined : folder.write('hostscore.yaml', file),
    variables: given,
    flags,
  });
}

describe('the quadlets', () => {
  /** Keys that podman 4.6 knows, by section; of systemd's sections those that stand in the file. */
  const KEYS: Readonly<Record<string, string>> = {
    Unit: 'Description After Wants Before StartLimitIntervalSec',
    Container: `AddCapability AddDevice Annotation AutoUpdate ContainerName DropCapability Environment EnvironmentFile
      EnvironmentHost Exec ExposeHostPort Group HealthCmd HealthInterval HealthOnFailure HealthRetries HealthStartPeriod
      HealthStartupCmd HealthStartupInterval HealthStartupRetries HealthStartupSuccess HealthStartupTimeout HealthTimeout
      HostName Image IP IP6 Label LogDriver Mask Mount Network NoNewPrivileges Notify PodmanArgs PublishPort Pull ReadOnly
      Rootfs RunInit SeccompProfile Secret SecurityLabelDisable SecurityLabelFileType SecurityLabelLevel
      SecurityLabelNested SecurityLabelType ShmSize Sysctl Timezone Tmpfs Unmask User UserNS Volume WorkingDir`,
    Volume: 'Copy Device Driver Group Image Label Options PodmanArgs Type User VolumeName',
    Service: 'ExecStartPost ExecReload Restart RestartSec RestartPreventExitStatus TimeoutStopSec',
    Install: 'WantedBy',
  };

  function entriesOf(file: string): (readonly [section: string, key: string, value: string])[] {
    let section = '';
    return read(`quadlet/${file}`)
      .split('\n')
      .filter((line) => line !== '' && !/^# |^#$/.test(line))
      .flatMap((line) => {
        section = /^\[(\w+)\]$/.exec(line)?.[1] ?? section;
        const [, key = '', value = ''] = /^#?(\w+)=(.*)$/.exec(line) ?? [];
        return line.startsWith('[') ? [] : [[section, key, value] as const];
      });
  }
  const valuesOf = (name: string) =>
    entriesOf('hostscore.container').flatMap(([, key, value]) => (key === name ? [value] : []));

  for (const file of ['hostscore.container', 'hostscore.volume']) {
    it(`${file} has keys that podman knows, those of its examples included`, () => {
      for (const [section, key] of entriesOf(file)) expect(KEYS[section]?.split(/\s+/)).to.include(key);
    });
  }

  it('mount only what is labelled for this container, and configuration for reading', () => {
    const options = valuesOf('Volume').map((volume) => volume.split(':').slice(1));
    expect(options).to.deep.equal([
      ['/etc/hostscore', 'ro,Z'],
      ['/var/lib/hostscore', 'Z'],
      ['/plugins', 'ro,Z'],
    ]);
  });

  it('give settings that there are, and the password where the secret is', () => {
    const variables: unknown = Object.fromEntries(valuesOf('Environment').map((text) => text.split('=')));
    const { engine, plugins } = configOf(z.record(z.string(), z.string()).parse(variables));
    expect(valuesOf('Secret').join()).to.include(`target=${String(engine.passwordFile)},`);
    expect(plugins.dir).to.equal('/plugins');
  });

  it('wait for the stop as long as the unit of the packages does', () => {
    const unit = /^TimeoutStopSec=(\d+)$/m.exec(read('hostscore.service'))?.[1];
    expect(valuesOf('PodmanArgs').join()).to.include(`--stop-timeout=${String(unit)}`);
    expect(Number(valuesOf('TimeoutStopSec')[0])).to.be.above(Number(unit));
  });
});

describe('the compose file', () => {
  const { services } = z
    .object({
      services: z.record(
        z.string(),
        z.object({
          image: z.string(),
          command: z.array(z.string()).default([]),
          environment: z.record(z.string(), z.string()).default({}),
          ports: z.array(z.string()).default([]),
          depends_on: z.array(z.string()).default([]),
          volumes: z.array(z.string()).default([]),
        }),
      ),
    })
    .parse(parse(read('compose/compose.yaml')));
  const configs = Object.fromEntries(
    Object.entries(services).map(([name, { environment, command }]) => [
      name,
      configOf(environment, command),
    ]),
  );

  it('logs in at the pretend engine', () => {
    const { url, username, password } = configs['scoring']?.engine ?? {};
    expect({ username, password }).to.deep.equal(SIMULATOR_ACCOUNT);
    expect(services['engine']?.command.at(-1)).to.equal(new URL(url ?? '').host);
  });

  it('has a bridge that asks both services where they listen', () => {
    const targets = configs['bridge']?.services.map(({ target }) => target.split(':')[1]);
    const listeners = ['scoring', 'python'].map((name) => configs[name]?.server.listen);
    expect(targets).to.deep.equal(
      listeners.map((listen) => String(z.object({ port: z.number() }).parse(listen).port)),
    );
  });

  it('has Prometheus load the alerts, which are where its configuration names them', () => {
    const { rule_files: rules } = z
      .object({ rule_files: z.array(z.string()) })
      .parse(parse(read('compose/prometheus.yaml')));
    expect(rules).to.deep.equal(['rules.yaml']);
    const mounted = services['prometheus']?.volumes.map((volume) => volume.split(':').slice(0, 2));
    expect(mounted).to.deep.equal([
      ['./prometheus.yaml', '/etc/prometheus/prometheus.yml'],
      ['../prometheus/rules.yaml', '/etc/prometheus/rules.yaml'],
    ]);
  });

  it('scrapes each process of hostscore, and publishes ports on this machine alone', () => {
    const { scrape_configs: scraped } = z
      .object({
        scrape_configs: z.array(
          z.object({ static_configs: z.array(z.object({ targets: z.array(z.string()) })) }),
        ),
      })
      .parse(parse(read('compose/prometheus.yaml')));
    const targets = scraped.flatMap((job) => job.static_configs.flatMap((one) => one.targets));
    const ops = ['scoring', 'python', 'bridge'].map(
      (name) => `127.0.0.1:${String(configs[name]?.ops.listen.port)}`,
    );
    expect(targets).to.deep.equal(ops);
    for (const { ports } of Object.values(services)) {
      for (const port of ports) expect(port).to.match(/^127\.0\.0\.1:(\d+):\1$/);
    }
  });
});

describe('the manifests for Kubernetes', () => {
  const probe = z.object({ httpGet: z.object({ path: z.string(), port: z.string() }) });
  const container = z.object({
    args: z.array(z.string()),
    env: z.array(z.object({ name: z.string(), value: z.string() })),
    ports: z.array(z.object({ name: z.string(), containerPort: z.number() })),
    livenessProbe: probe,
    readinessProbe: probe,
    volumeMounts: z.array(z.object({ mountPath: z.string() })),
  });
  const manifest = z.object({
    kind: z.string(),
    metadata: z.object({ name: z.string() }),
    data: z.record(z.string(), z.string()).optional(),
    spec: z
      .looseObject({
        template: z
          .object({
            spec: z.object({
              terminationGracePeriodSeconds: z.number(),
              containers: z.tuple([container]),
              volumes: z.array(z.object({ emptyDir: z.object({ sizeLimit: z.string() }).optional() })),
            }),
          })
          .optional(),
      })
      .optional(),
  });
  const manifests = parseAllDocuments(read('kubernetes/hostscore.yaml')).map((one) =>
    manifest.parse(one.toJS()),
  );
  const files = manifests.find(({ kind }) => kind === 'ConfigMap')?.data ?? {};

  const deployments = manifests.flatMap(({ metadata, spec }) => {
    if (spec?.template === undefined) return [];
    const { containers, terminationGracePeriodSeconds, volumes } = spec.template.spec;
    const [{ args, env, ...rest }] = containers;
    const file = files[(args[args.indexOf('--config') + 1] ?? '').replace('/etc/hostscore/', '')];
    const variables = Object.fromEntries(env.map(({ name, value }) => [name, value]));
    return [
      {
        name: metadata.name,
        config: configOf(variables, args, file),
        terminationGracePeriodSeconds,
        volumes,
        ...rest,
      },
    ];
  });

  it('are one reader, which knows the engine, and replicas, which follow the reader', () => {
    expect(deployments.map(({ name }) => name)).to.deep.equal(['hostscore-reader', 'hostscore']);
    const [reader, replica] = deployments.map(({ config }) => config);
    expect(reader?.engine.passwordFile).to.equal('/run/secrets/hostscore/password');
    expect(replica?.engine.url).to.equal(undefined);
    expect(replica?.inventory.from).to.equal('dns:///hostscore-reader:50051');
  });

  for (const { name, config, ports, livenessProbe, readinessProbe, ...rest } of deployments) {
    it(`${name}: probes ask where the process listens, and its end has the time that it takes`, () => {
      const portOf = (named: string) => ports.find((port) => port.name === named)?.containerPort;
      expect(config.server.listen).to.deep.equal({ host: '0.0.0.0', port: portOf('grpc') });
      expect(config.ops.listen).to.deep.equal({ host: '0.0.0.0', port: portOf('ops') });
      expect(config.bridge.enabled).to.equal(false);
      expect([livenessProbe, readinessProbe].map(({ httpGet }) => httpGet)).to.deep.equal([
        { path: '/livez', port: 'ops' },
        { path: '/readyz', port: 'ops' },
      ]);
      const endMs = config.shutdownDelay + config.shutdownGrace + 10_000;
      expect(rest.terminationGracePeriodSeconds * 1000).to.be.at.least(endMs);
      const [room = 0] = rest.volumes.flatMap(
        ({ emptyDir }) => Number.parseInt(emptyDir?.sizeLimit ?? '', 10) || [],
      );
      expect(room * 1024 * 1024, 'a pod that needs more is evicted').to.be.above(
        config.decisions.grpcMaxSize,
      );
      expect(rest.volumeMounts.map(({ mountPath }) => mountPath)).to.include('/var/lib/hostscore');
    });
  }

  it('have headless services, and let one replica at a time be evicted', () => {
    const services = manifests.filter(({ kind }) => kind === 'Service');
    expect(services.map(({ spec }) => spec?.['clusterIP'])).to.deep.equal(['None', 'None']);
    const [budget] = manifests.filter(({ kind }) => kind === 'PodDisruptionBudget');
    expect(budget?.spec?.['maxUnavailable']).to.equal(1);
  });
});
