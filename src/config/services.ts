import { z } from 'zod';
import { duration, flag, MINUTE, text } from './values.js';
import { yaml } from './yaml.js';

/** Name of the policy engine of this process among the services: no other may bear it. */
export const LOCAL_SERVICE = 'local';

/** Name of the plugin host of this process among the services: no other may bear it. */
export const PLUGIN_SERVICE = 'plugins';

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;

/** A name that an administrator gives to a part of the configuration. */
export const partName = z
  .string('is required: a name of letters, digits, dots, dashes and underscores')
  .regex(NAME, 'expected 1 to 63 letters, digits, dots, dashes and underscores');

const serviceName = partName
  .refine(
    (value) => value !== LOCAL_SERVICE && value !== PLUGIN_SERVICE,
    `"${LOCAL_SERVICE}" and "${PLUGIN_SERVICE}" are parts of this process; choose another name`,
  )
  .meta({ description: 'Name in logs, metrics and errors, and in state.dir' });

const target = z
  .string(
    'is required: a gRPC target, such as scorer.example.com:50051, dns:///scorer:50051 or unix:/run/scorer.sock',
  )
  .min(1, 'expected a gRPC target, got an empty value')
  .meta({
    description: 'Where it is: any gRPC target, such as `host:port`, `dns:///name:port` or `unix:/path`',
  });

/** The name of a unit. */
export const unitName = z
  .string('expected the name of a unit')
  .min(1)
  .max(128, 'the engine holds names of at most 128 characters');

/** One scoring service of the composite. */
export const serviceSchema = z.strictObject({
  name: serviceName,
  target,
  deadline: duration(800, 1, 10 * MINUTE, 'Longest that one call waits for it'),
  tls: flag(false, 'Call it over TLS, trusting the authorities that Node trusts'),
  tlsCaFile: text('PEM file of the authority that signed its certificate; implies TLS'),
  tlsCertFile: text('PEM file of the certificate to show to it; implies TLS'),
  tlsKeyFile: text('PEM file of the private key of that certificate'),
  tokenFile: text('File of the token to show to it, and nothing else; sent over TLS or to this machine'),
  units: z
    .array(unitName)
    .min(1, 'expected at least one name; leave the key out for all units')
    .optional()
    .meta({ description: 'Names of the units that are used; absent: all that it offers' }),
  rename: z
    .record(unitName, unitName)
    .optional()
    .meta({ description: 'New names of units, such as `{ offered_name: name_here }`' }),
});

/** One scoring service of the composite, validated. */
export type ServiceConfig = z.output<typeof serviceSchema>;

/** The scoring services: a list, or, in a variable or a flag, `name=target,name=target` or a YAML list in one line. */
export const servicesSchema = z
  .preprocess(
    (value) => (typeof value === 'string' ? listOf(value) : (value ?? undefined)),
    z.array(serviceSchema, 'expected a list of services, or name=target,name=target').max(64),
  )
  .default([])
  .superRefine((services, context) => {
    for (const [index, service] of services.entries()) {
      const complain = (key: string, message: string) =>
        context.addIssue({ code: 'custom', path: [index, key], message });
      if (services.findIndex(({ name }) => name === service.name) < index) {
        complain('name', `"${service.name}" is the name of another service; choose another`);
      }
      if ((service.tlsCertFile === undefined) !== (service.tlsKeyFile === undefined)) {
        complain('tlsKeyFile', 'goes together with tlsCertFile; set both or neither');
      }
    }
  })
  .meta({
    description:
      'Scoring services to compose; in a variable or flag `name=target,name=target`, or a YAML list in one line',
    kind: 'services',
  });

function listOf(value: string): unknown {
  const trimmed = value.trim();
  if (trimmed === '') return [];
  if (trimmed.startsWith('[')) {
    try {
      return yaml().parse(trimmed, { prettyErrors: false });
    } catch {
      return value;
    }
  }
  return trimmed.split(',').map((pair) => {
    const [name = '', ...target] = pair.trim().split('=');
    return { name, target: target.join('=') };
  });
}
