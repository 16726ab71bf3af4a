import type { PolicyUnit } from '../domain/contract.js';
import { print, type Io } from './io.js';
import { withClient, type ClientOptions } from './open-client.js';

/** `hostscore units`: lists what a server offers. */
export async function units(options: ClientOptions & { readonly json?: boolean }, io: Io): Promise<void> {
  const { units: listed, problems } = await withClient(options, io, (client, call) =>
    client.listPolicyUnits(call),
  );
  if (options.json === true) {
    print(io, JSON.stringify(listed, null, 2));
    return;
  }
  print(io, ...listed.flatMap(unitLines));
  if (problems.length > 0) {
    print(io, '', 'No units:', ...problems.map(({ source, reason }) => `  ${source}: ${reason}`));
  }
}

function unitLines({ type, name, direction, description, properties }: PolicyUnit): string[] {
  const order =
    direction === 'LOWER_IS_BETTER'
      ? ', lower is better'
      : direction === undefined
        ? ''
        : ', higher is better';
  return [
    `${name} (${type.toLowerCase()}${order})`,
    ...(description === '' ? [] : [`  ${description}`]),
    ...properties.flatMap((property) => [
      `  ${property.name}=${property.pattern}, default ${property.defaultValue}`,
      ...(property.description === '' ? [] : [`    ${property.description}`]),
    ]),
  ];
}
