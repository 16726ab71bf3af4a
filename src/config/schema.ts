import { z } from 'zod';
import {
  balancingSection,
  bridgeSection,
  compositeSection,
  decisionsSection,
  engineSection,
  inventorySection,
  logSection,
  opsSection,
  pluginsSection,
  serverSection,
  stateSection,
} from './sections.js';
import { policiesSchema } from './policies.js';
import { servicesSchema } from './services.js';
import { shadowsSchema } from './shadows.js';
import { duration } from './values.js';
import { isLoopback } from '../lib/address.js';

/** The whole configuration: every key with its default. An unknown key is an error. */
export const configSchema = z
  .strictObject({
    engine: engineSection.prefault({}),
    inventory: inventorySection.prefault({}),
    balancing: balancingSection.prefault({}),
    plugins: pluginsSection.prefault({}),
    services: servicesSchema,
    policies: policiesSchema,
    shadow: shadowsSchema,
    composite: compositeSection.prefault({}),
    state: stateSection.prefault({}),
    decisions: decisionsSection.prefault({}),
    bridge: bridgeSection.prefault({}),
    server: serverSection.prefault({}),
    ops: opsSection.prefault({}),
    log: logSection.prefault({}),
    shutdownDelay: duration(
      0,
      0,
      600_000,
      'How long calls are still accepted at shutdown, while the service says that it is not ready: what callers need to notice',
    ),
    shutdownGrace: duration(10_000, 0, 600_000, 'Longest wait for calls in flight at shutdown'),
  })
  .superRefine((config, context) => {
    const complain = (path: string, message: string) => {
      context.addIssue({ code: 'custom', path: path.split('.'), message });
    };
    const { engine, server, inventory, ops, bridge } = config;
    if (engine.url !== undefined && !isHttpUrl(engine.url)) {
      complain(
        'engine.url',
        `expected an http or https address without credentials and query, got "${withoutCredentials(engine.url)}"`,
      );
    }
    if (config.shadow.length > 0 && !config.decisions.enabled) {
      complain(
        'shadow',
        'compares what decisions.enabled remembers, which is off; turn that on, or remove the shadows',
      );
    }
    for (const [index, { policy }] of config.shadow.entries()) {
      if (policy === undefined || Object.hasOwn(config.policies, policy)) continue;
      const message = `there is no policy "${policy}"; add it to policies`;
      context.addIssue({ code: 'custom', path: ['shadow', index, 'policy'], message });
    }
    const plaintextTo = engine.url === undefined ? undefined : plaintextHost(engine.url);
    if (plaintextTo !== undefined && !engine.allowPlaintext) {
      complain(
        'engine.url',
        `plain http would send the password to ${plaintextTo} in clear text; write https, or set engine.allowPlaintext: true`,
      );
    }
    if (inventory.from !== undefined && engine.url !== undefined) {
      complain(
        'inventory.from',
        'is set together with engine.url; keep one of them: a replica follows a service that reads the engine',
      );
    }
    if ((inventory.fromTlsCertFile === undefined) !== (inventory.fromTlsKeyFile === undefined)) {
      complain(
        'inventory.fromTlsKeyFile',
        'goes together with inventory.fromTlsCertFile; set both or neither',
      );
    }
    if (engine.url !== undefined && engine.username === undefined)
      complain('engine.username', 'is required with engine.url');
    if (engine.password !== undefined && engine.passwordFile !== undefined) {
      complain('engine.passwordFile', 'is set together with a password; keep one of them');
    }
    if (engine.url !== undefined && engine.password === undefined && engine.passwordFile === undefined) {
      complain(
        'engine.passwordFile',
        'is required with engine.url, or the variable HOSTSCORE_ENGINE_PASSWORD',
      );
    }
    if ((server.tlsCertFile === undefined) !== (server.tlsKeyFile === undefined)) {
      complain('server.tlsKeyFile', 'goes together with server.tlsCertFile; set both or neither');
    }
    if (server.tlsClientCaFile !== undefined && server.tlsCertFile === undefined) {
      complain('server.tlsClientCaFile', 'needs server.tlsCertFile and server.tlsKeyFile');
    }
    if ('path' in server.listen) {
      if (server.tlsCertFile !== undefined)
        complain(
          'server.tlsCertFile',
          'does not go with server.listen: unix:..., whose callers are of this machine',
        );
    } else if (
      !isLoopback(server.listen.host) &&
      server.tlsCertFile === undefined &&
      !server.allowPlaintext
    ) {
      complain(
        'server.listen',
        `${server.listen.host} is beyond loopback; set server.tlsCertFile and server.tlsKeyFile, or server.allowPlaintext: true`,
      );
    }
    if (ops.tls && server.tlsCertFile === undefined)
      complain('ops.tls', 'needs server.tlsCertFile and server.tlsKeyFile');
    if (ops.enabled && !isLoopback(ops.listen.host) && !ops.tls && !ops.allowPlaintext) {
      complain(
        'ops.listen',
        `${ops.listen.host} is beyond loopback; set ops.tls: true, or ops.allowPlaintext: true if that is meant`,
      );
    }
    if (!isLoopback(bridge.listen.host) && !bridge.allowPlaintext) {
      complain(
        'bridge.listen',
        `${bridge.listen.host} is beyond loopback; set bridge.allowPlaintext: true if that is meant`,
      );
    }
    // A reading comes up to a tenth of the interval late.
    if (inventory.maxStaleness <= inventory.refreshInterval * 1.1) {
      complain(
        'inventory.maxStaleness',
        'has to be longer than inventory.refreshInterval by more than a tenth, or no snapshot lasts until the next',
      );
    }
  });

/** The configuration of a process, validated, defaults filled in. Times are milliseconds, sizes are bytes. */
export type Config = z.output<typeof configSchema>;

function isHttpUrl(value: string): boolean {
  if (!URL.canParse(value)) return false;
  const { protocol, username, password, search, hash } = new URL(value);
  return (
    ['http:', 'https:'].includes(protocol) && [username, password, search, hash].every((part) => part === '')
  );
}

/** The host beyond loopback to which an address leads without TLS. */
function plaintextHost(value: string): string | undefined {
  if (!URL.canParse(value)) return undefined;
  const { protocol, hostname } = new URL(value);
  return protocol === 'http:' && !isLoopback(hostname) ? hostname : undefined;
}

function withoutCredentials(value: string): string {
  return value.replace(/^(https?:[\\/]*)?.*@/is, '$1***@').replace(/[?#].*$/, '?***');
}
