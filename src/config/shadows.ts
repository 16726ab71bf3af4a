import { z } from 'zod';
import { partName, serviceSchema } from './services.js';
import { yaml } from './yaml.js';

const { tls, tlsCaFile, tlsCertFile, tlsKeyFile } = serviceSchema.shape;

const share = z
  .number('expected a share such as 0.1')
  .gt(0, 'expected a share above 0, such as 0.1')
  .max(1, 'expected a share of at most 1, which is all of them');

/** A second policy, or another service, whose answers are compared with ours. */
export const shadowSchema = z.strictObject({
  name: partName.meta({ description: 'Name in reports and metrics' }),
  policy: z
    .string('expected the name of a policy')
    .optional()
    .meta({ description: 'Policy of `policies` that is tried; or:' }),
  target: serviceSchema.shape.target
    .optional()
    .meta({ description: 'Scoring service that is asked the same, such as a new version: any gRPC target' }),
  sample: share.default(1).meta({ description: 'Share of the recorded decisions that are compared' }),
  ...{ tls, tlsCaFile, tlsCertFile, tlsKeyFile },
});

/** A shadow, validated. */
export type ShadowConfig = z.output<typeof shadowSchema>;

/** Most shadows: each compares every decision. */
export const MAX_SHADOWS = 8;

/** The shadows: a list, or, in a variable or a flag, a YAML list in one line. */
export const shadowsSchema = z
  .preprocess(
    (value) => (typeof value === 'string' ? listOf(value) : (value ?? undefined)),
    z
      .array(shadowSchema, 'expected a list of shadows, such as [{name: dense, policy: dense}]')
      .max(MAX_SHADOWS, `expected at most ${MAX_SHADOWS} shadows`),
  )
  .default([])
  .superRefine((shadows, context) => {
    for (const [index, shadow] of shadows.entries()) {
      const complain = (key: string, message: string) =>
        context.addIssue({ code: 'custom', path: [index, key], message });
      const { name, policy, target } = shadow;
      if (shadows.findIndex((other) => other.name === name) < index)
        complain('name', `"${name}" is the name of another shadow; choose another`);
      if (policy === undefined && target === undefined)
        complain('policy', 'is required, or a target: what to compare with');
      if (policy !== undefined && target !== undefined)
        complain('target', 'is set together with a policy; keep one of them, or make two shadows');
      if ((shadow.tlsCertFile === undefined) !== (shadow.tlsKeyFile === undefined))
        complain('tlsKeyFile', 'goes together with tlsCertFile; set both or neither');
      if (
        target === undefined &&
        (shadow.tls || shadow.tlsCaFile !== undefined || shadow.tlsCertFile !== undefined)
      )
        complain('tls', 'is for a target');
    }
  })
  .meta({
    description:
      'Policies or services that are asked the same after each recorded decision, and compared with it; in a variable or flag a YAML list in one line',
  });

function listOf(value: string): unknown {
  if (value.trim() === '') return [];
  try {
    return yaml().parse(value, { prettyErrors: false });
  } catch {
    return value;
  }
}
