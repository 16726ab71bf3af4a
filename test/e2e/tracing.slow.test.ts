import { expect } from 'chai';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeCall } from '../../src/bridge/xml-rpc/writer.js';
import { startCollector, type CollectedSpan, type Collector } from '../support/collector.js';
import { startProcess, type RunningProcess } from '../support/process.js';
import { FREE_PORTS } from '../support/scoring.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { until } from '../support/until.js';

const UNIT = 'ksm_same_os_score';
const OTHER_UNIT = 'even_vm_distribution';
/** In the world of `serve --demo`. */
const VM = 'b0000000-0000-4000-8000-000000000083';
const HOSTS = [1, 2, 3].map((n) => `a0000000-0000-4000-8000-00000000000${n}`);

/** Makes Node find no SDK. */
const WITHOUT_SDK = `--import=data:text/javascript,${encodeURIComponent(`
  import { register } from 'node:module';
  register('data:text/javascript,' + encodeURIComponent(\`
    export const resolve = (specifier, context, next) => {
      if (specifier !== '@opentelemetry/sdk-trace-base') return next(specifier, context);
      throw new Error("Cannot find package '" + specifier + "'");
    };\`));`)}`;

describe('tracing', function () {
  this.timeout(60_000);

  const folder = temporaryFolder();
  const processes: RunningProcess[] = [];
  const collectors: Collector[] = [];

  afterEach(async () => {
    for (const { child } of processes.splice(0)) child.kill('SIGKILL');
    for (const { close } of collectors.splice(0)) await close();
  });
  after(() => folder.remove());

  async function collector(...args: Parameters<typeof startCollector>): Promise<Collector> {
    const started = await startCollector(...args);
    collectors.push(started);
    return started;
  }

  function start(
    args: readonly string[],
    variables: Readonly<Record<string, string>>,
    nodeOptions: readonly string[] = [],
  ): RunningProcess {
    const soon = { OTEL_BSP_SCHEDULE_DELAY: '50' };
    const log = ['--log-format', 'json', '--log-level', 'debug'];
    const started = startProcess([...args, ...FREE_PORTS, ...log], { ...soon, ...variables }, nodeOptions);
    processes.push(started);
    return started;
  }

  async function addressOf(process: RunningProcess, what: 'grpc server' | 'bridge'): Promise<string> {
    const line = new RegExp(`"address":"([^"]+)"[^\\n]*"message":"${what} listening"`);
    const [, address = ''] = await process.written('stderr', line);
    return address;
  }

  /** Writes a configuration whose only service is at this address. */
  function configOf(name: string, target: string, rest: string): string {
    const file = join(folder.path, `${name}.yaml`);
    writeFileSync(file, `services: [{ name: ${name}, target: '${target}', ${rest} }]\n`);
    return file;
  }

  async function askCosts(
    address: string,
    units: readonly string[],
    headers: Readonly<Record<string, string>> = {},
  ): Promise<string> {
    const factors = units.map((unit) => [unit, 1]);
    const body = writeCall('runCostFunctions', [factors, HOSTS, VM, new Map()]);
    const response = await fetch(`http://${address}/`, {
      method: 'POST',
      headers: { 'Content-Type': 'text/xml', ...headers },
      body,
    });
    return response.text();
  }

  /** Asks until there are costs of each host by each unit. */
  function firstCosts(address: string, units: readonly string[]): Promise<string> {
    const rows = units.length * HOSTS.length;
    const isWhole = (answer: string) => HOSTS.flatMap((host) => answer.split(host).slice(1)).length === rows;
    return until(() => askCosts(address, units), isWhole);
  }

  /** Returns the spans below one, each with its process, indented. */
  function treeBelow(spans: readonly CollectedSpan[], parentSpanId = '', depth = 0): readonly string[] {
    return spans
      .filter((span) => span.parentSpanId === parentSpanId)
      .map((span) => ({ span, line: `${span.kind} ${span.name}` }))
      .sort((left, right) => (left.line < right.line ? -1 : 1))
      .flatMap(({ span, line }) => [
        `${'  '.repeat(depth)}${String(span.service)}: ${line}`,
        ...treeBelow(spans, span.spanId, depth + 1),
      ]);
  }

  it('makes one trace of a call of the engine, through two services in a chain, to each unit', async () => {
    const { url, spans } = await collector();
    const as = (name: string) => ({ OTEL_EXPORTER_OTLP_ENDPOINT: url, OTEL_SERVICE_NAME: name });
    const inner = start(['serve', '--demo'], as('inner'));
    const renamed = `units: [${OTHER_UNIT}], rename: { ${OTHER_UNIT}: inner_unit }`;
    const middleConfig = configOf('inner', await addressOf(inner, 'grpc server'), renamed);
    const middle = start(['serve', '--demo', '--config', middleConfig], as('middle'));
    const bridgeConfig = configOf('middle', await addressOf(middle, 'grpc server'), 'deadline: 5s');
    const bridge = start(['bridge', '--config', bridgeConfig], as('bridge'));
    const address = await addressOf(bridge, 'bridge');
    await firstCosts(address, [UNIT, 'inner_unit']);

    const traceId = '0af7651916cd43dd8448eb211c80319c';
    const traceparent = `00-${traceId}-b7ad6b7169203331-01`;
    await askCosts(address, [UNIT, 'inner_unit'], { traceparent, tracestate: 'vendor=1' });
    const mine = await until(
      () => spans.filter((span) => span.traceId === traceId),
      (found) => found.length >= 7,
    );
    expect(treeBelow(mine, 'b7ad6b7169203331').join('\n')).to.equal(
      [
        'bridge: server runCostFunctions',
        '  bridge: client hostscore.v1.PolicyUnitService/ScoreHosts',
        '    middle: server hostscore.v1.PolicyUnitService/ScoreHosts',
        '      middle: client hostscore.v1.PolicyUnitService/ScoreHosts',
        '        inner: server hostscore.v1.PolicyUnitService/ScoreHosts',
        `          inner: internal unit ${OTHER_UNIT}`,
        `      middle: internal unit ${UNIT}`,
      ].join('\n'),
    );
    expect(new Set(mine.map(({ traceState }) => traceState))).to.deep.equal(new Set(['vendor=1']));
    expect(mine.filter(({ failed }) => failed)).to.deep.equal([]);
    const [call] = mine.filter(({ name }) => name === 'runCostFunctions');
    const requestId = call?.attributes['hostscore.request_id'];
    expect(call?.attributes).to.deep.include({
      'rpc.system': 'xmlrpc',
      'rpc.method': 'runCostFunctions',
      'hostscore.vm': VM,
      'hostscore.hosts': 3,
      'hostscore.dry_run': false,
      'hostscore.outcome': 'ok',
    });
    const served = mine.filter(({ name, kind }) => kind === 'server' && name !== 'runCostFunctions');
    for (const { attributes } of served) {
      expect(attributes).to.deep.include({
        'rpc.system': 'grpc',
        'rpc.service': 'hostscore.v1.PolicyUnitService',
        'rpc.method': 'ScoreHosts',
        'rpc.grpc.status_code': 0,
        'hostscore.request_id': requestId,
      });
      expect(attributes['hostscore.policy']).to.match(/^[0-9a-f]{12}$/);
    }
    const line = new RegExp(
      `"message":"call answered"[^\\n]*"requestId":"${String(requestId)}"[^\\n]*"traceId":"${traceId}"`,
    );
    for (const process of [bridge, middle, inner]) await process.written('stderr', line);
  });

  it('goes on without the SDK, and says what to install', async () => {
    const variables = { OTEL_TRACES_EXPORTER: 'otlp' };
    const serve = start(['serve', '--demo'], variables, [WITHOUT_SDK]);
    const [line] = await serve.written('stderr', /^.*"message":"tracing not started".*$/m);
    expect(line).to.include("Cannot find package '@opentelemetry/sdk-trace-base'");
    expect(line).to.include('npm install --include=optional');
    await firstCosts(await addressOf(serve, 'bridge'), [UNIT]);
  });

  it('ends though its collector never answers', async () => {
    const { url, spans } = await collector(() => undefined);
    const serve = start(['serve', '--demo'], { OTEL_EXPORTER_OTLP_ENDPOINT: url });
    const address = await addressOf(serve, 'bridge');
    await askCosts(address, [UNIT]);
    await until(
      () => spans,
      ({ length }) => length > 0,
    );
    await askCosts(address, [UNIT]);
    serve.child.kill('SIGTERM');
    const { code, stderr } = await serve.ended;
    expect(code).to.equal(0);
    expect(stderr).to.match(/"message":"stop timed out","part":"tracing"/);
  });

  it('sends its last spans when it ends', async () => {
    const { url, spans } = await collector();
    const late = { OTEL_EXPORTER_OTLP_ENDPOINT: url, OTEL_BSP_SCHEDULE_DELAY: '600000' };
    const serve = start(['serve', '--demo'], late);
    await firstCosts(await addressOf(serve, 'bridge'), [UNIT]);
    expect(spans).to.deep.equal([]);
    serve.child.kill('SIGTERM');
    await serve.ended;
    expect(treeBelow(spans)).to.include.members([
      'hostscore: server runCostFunctions',
      `  hostscore: internal unit ${UNIT}`,
    ]);
  });

  it('says that spans are refused, and answers all the same', async () => {
    const { url } = await collector((response) => response.writeHead(400).end('no'));
    const serve = start(['serve', '--demo'], { OTEL_EXPORTER_OTLP_ENDPOINT: url });
    const address = await addressOf(serve, 'bridge');
    await askCosts(address, [UNIT]);
    const [line] = await serve.written('stderr', /^.*"message":"tracing problem".*$/m);
    expect(line).to.include('Bad Request');
    await firstCosts(address, [UNIT]);
  });
});
