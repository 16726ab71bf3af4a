import { quoted, reasonOf } from '../lib/text.js';
import { createLifecycle } from '../process/lifecycle.js';
import type { Log } from '../process/log.js';
import type { ExporterName, OpenTracing } from '../process/tracing.js';
import type { Io } from './io.js';

/** Time that the last spans have to reach their collector, in ms: one that hangs must not hold up the end of the process. */
export const FLUSH_MS = 1000;

/** Exporters that OTEL_TRACES_EXPORTER may name. */
const EXPORTERS: readonly string[] = ['otlp', 'console'] satisfies readonly ExporterName[];

/** The one protocol that spans are sent by: any collector takes it. */
const PROTOCOL = 'http/protobuf';

/**
 * Starts tracing if the variables of OpenTelemetry ask for it; undefined if they don't. The SDK is loaded only then. Never rejects: a
 * service that can't be traced serves all the same, and the log says why it isn't.
 */
export async function openTracing(variables: Io['variables'], log: Log): Promise<OpenTracing | undefined> {
  const exporters = exportersOf(variables);
  if (exporters.length === 0) return undefined;
  const fault = faultOf(variables, exporters);
  if (fault !== undefined) {
    log.error('tracing not started', fault);
    return undefined;
  }
  try {
    const { startTracing } = await import('../process/tracing.js');
    const tracing = startTracing(exporters.filter(isExporter), log);
    const end = createLifecycle({ log, stepTimeoutMs: FLUSH_MS });
    end.onStop('tracing', tracing.close);
    log.info('tracing started', { exporters: exporters.join(' ') });
    return { ...tracing, close: end.stop };
  } catch (error) {
    log.error('tracing not started', { reason: reasonOf(error), remedy: INSTALL });
    return undefined;
  }
}

/** Remedy for a package that can't be loaded. */
const INSTALL = 'install the optional dependencies of hostscore: npm install --include=optional';

/** Returns what is wrong with the variables, and what to do. */
function faultOf(
  variables: Io['variables'],
  exporters: readonly string[],
): { readonly reason: string; readonly remedy: string } | undefined {
  const unknown = exporters.find((name) => !isExporter(name));
  if (unknown !== undefined) {
    return { reason: `OTEL_TRACES_EXPORTER: ${quoted(unknown)}`, remedy: 'name otlp, console or none' };
  }
  const protocol = valueOf(variables, 'OTEL_EXPORTER_OTLP_TRACES_PROTOCOL', 'OTEL_EXPORTER_OTLP_PROTOCOL');
  if (!exporters.includes('otlp') || protocol === '' || protocol === PROTOCOL) return undefined;
  return {
    reason: `OTEL_EXPORTER_OTLP_PROTOCOL: ${quoted(protocol)}`,
    remedy: `set ${PROTOCOL}, at port 4318 of most collectors`,
  };
}

function isExporter(name: string): name is ExporterName {
  return EXPORTERS.includes(name);
}

/** Returns the names of the exporters that the variables ask for. */
function exportersOf(variables: Io['variables']): readonly string[] {
  if (valueOf(variables, 'OTEL_SDK_DISABLED').toLowerCase() === 'true') return [];
  const endpoint = valueOf(variables, 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', 'OTEL_EXPORTER_OTLP_ENDPOINT');
  const names = valueOf(variables, 'OTEL_TRACES_EXPORTER') || (endpoint === '' ? '' : 'otlp');
  const exporters = names.split(',').flatMap((name) => name.trim() || []);
  return exporters.includes('none') ? [] : [...new Set(exporters)];
}

/** Returns the value of the first of these variables that has one, else ''. */
function valueOf(variables: Io['variables'], ...names: readonly string[]): string {
  return names.map((name) => variables[name]?.trim() ?? '').find((value) => value !== '') ?? '';
}
