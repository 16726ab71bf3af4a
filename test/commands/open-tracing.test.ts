import { expect } from 'chai';
import { openTracing } from '../../src/commands/open-tracing.js';
import { memoryLog } from '../support/log.js';

const ENDPOINT = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318' };

describe('openTracing', () => {
  const cases: readonly [
    what: string,
    variables: Readonly<Record<string, string>>,
    started: string | undefined,
  ][] = [
    ['no variable', {}, undefined],
    [
      'variables that ask for nothing',
      { OTEL_SERVICE_NAME: 'a', OTEL_RESOURCE_ATTRIBUTES: 'b=c' },
      undefined,
    ],
    ['an endpoint', ENDPOINT, 'otlp'],
    [
      'an endpoint for traces',
      { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://127.0.0.1:4318/v1/traces' },
      'otlp',
    ],
    ['an empty endpoint', { OTEL_EXPORTER_OTLP_ENDPOINT: '' }, undefined],
    ['an exporter', { OTEL_TRACES_EXPORTER: 'otlp' }, 'otlp'],
    ['two exporters', { OTEL_TRACES_EXPORTER: 'console, otlp,otlp' }, 'console otlp'],
    ['an endpoint and no exporter', { ...ENDPOINT, OTEL_TRACES_EXPORTER: 'none' }, undefined],
    ['an endpoint and the SDK disabled', { ...ENDPOINT, OTEL_SDK_DISABLED: 'True' }, undefined],
    ['an endpoint and the SDK not disabled', { ...ENDPOINT, OTEL_SDK_DISABLED: 'false' }, 'otlp'],
    ['the protocol that there is', { ...ENDPOINT, OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf' }, 'otlp'],
    [
      'its own protocol before that of all',
      {
        ...ENDPOINT,
        OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc',
        OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'http/protobuf',
      },
      'otlp',
    ],
    [
      'a protocol that does not matter',
      { OTEL_TRACES_EXPORTER: 'console', OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' },
      'console',
    ],
  ];
  for (const [what, variables, exporters] of cases) {
    it(`starts ${exporters ?? 'nothing'} for ${what}`, async () => {
      const log = memoryLog();
      const tracing = await openTracing(variables, log);
      await tracing?.close();
      const started = log.lines.map(({ event, fields }) => [event, fields]);
      expect(started).to.deep.equal(exporters === undefined ? [] : [['tracing started', { exporters }]]);
      expect(tracing === undefined).to.equal(exporters === undefined);
    });
  }

  const refused: readonly [variables: Readonly<Record<string, string>>, reason: string, remedy: string][] = [
    [{ OTEL_TRACES_EXPORTER: 'zipkin' }, 'OTEL_TRACES_EXPORTER: "zipkin"', 'name otlp, console or none'],
    [
      { ...ENDPOINT, OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' },
      'OTEL_EXPORTER_OTLP_PROTOCOL: "grpc"',
      'set http/protobuf, at port 4318 of most collectors',
    ],
  ];
  for (const [variables, reason, remedy] of refused) {
    it(`starts nothing for ${reason}, and says what to do`, async () => {
      const log = memoryLog();
      expect(await openTracing(variables, log)).to.equal(undefined);
      expect(log.lines).to.deep.equal([
        { level: 'error', event: 'tracing not started', fields: { reason, remedy } },
      ]);
    });
  }
});
