import type { ExpandedName } from './namespaces.js';
import { EXTENSION_SCALARS, SCALARS, type Scalar } from './scalars.js';

/** Where Apache's types live that XML-RPC doesn't have; clients bind any prefix to it. */
export const EXTENSIONS_NAMESPACE = 'http://ws.apache.org/xmlrpc/namespaces/extensions';

/** The elements that have elements in them. */
export type StructureName =
  | 'methodCall'
  | 'methodResponse'
  | 'params'
  | 'param'
  | 'fault'
  | 'value'
  | 'array'
  | 'data'
  | 'struct'
  | 'member';

/** What may stand in such an element. */
export interface Content {
  /** What each child may be, by its place; `type` is an array, a struct or a scalar. */
  readonly places: readonly (readonly string[])[];
  /** Any number of children, each as at the first place. */
  readonly repeats: boolean;
  /** Least number of children. */
  readonly least: number;
}

/** An element of XML-RPC. */
export type ElementType =
  | {
      readonly kind: 'structure';
      readonly name: StructureName;
      readonly role: string;
      readonly content: Content;
    }
  /** `methodName` and `name`, which hold text but are no values. */
  | { readonly kind: 'name'; readonly name: string; readonly role: string }
  | { readonly kind: 'scalar'; readonly name: string; readonly role: 'type'; readonly scalar: Scalar };

const CONTENTS: Readonly<Record<StructureName, Content>> = {
  methodCall: { places: [['methodName'], ['params']], repeats: false, least: 1 },
  methodResponse: { places: [['params', 'fault']], repeats: false, least: 1 },
  params: { places: [['param']], repeats: true, least: 0 },
  param: { places: [['value']], repeats: false, least: 1 },
  fault: { places: [['value']], repeats: false, least: 1 },
  value: { places: [['type']], repeats: false, least: 0 },
  array: { places: [['data']], repeats: false, least: 1 },
  data: { places: [['value']], repeats: true, least: 0 },
  struct: { places: [['member']], repeats: true, least: 0 },
  member: { places: [['name'], ['value']], repeats: false, least: 2 },
};

const structure = (name: StructureName): ElementType => ({
  kind: 'structure',
  name,
  role: name === 'array' || name === 'struct' ? 'type' : name,
  content: CONTENTS[name],
});

const scalarsOf = (prefix: string, scalars: ReadonlyMap<string, Scalar>): [string, ElementType][] =>
  [...scalars].map(([local, scalar]) => [
    local,
    { kind: 'scalar', name: `${prefix}${local}`, role: 'type', scalar },
  ]);

const PLAIN = new Map<string, ElementType>([
  ['methodName', { kind: 'name', name: 'methodName', role: 'methodName' }],
  ['name', { kind: 'name', name: 'name', role: 'name' }],
  ...(Object.keys(CONTENTS) as StructureName[]).map((name): [string, ElementType] => [name, structure(name)]),
  ...scalarsOf('', SCALARS),
]);

const EXTENSIONS = new Map<string, ElementType>(scalarsOf('ex:', EXTENSION_SCALARS));

/** The element of that name; undefined when XML-RPC and Apache's extensions have none, or none that is supported. */
export function elementOf({ namespace, local }: ExpandedName): ElementType | undefined {
  if (namespace === '') return PLAIN.get(local);
  return namespace === EXTENSIONS_NAMESPACE ? EXTENSIONS.get(local) : undefined;
}
