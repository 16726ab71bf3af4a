import { FAULT_CODES, XmlRpcFault } from './fault.js';
import type { XmlRpcLimits } from './limits.js';
import { quoted } from '../../lib/text.js';

/** The namespace of an element and its name in there; '' is no namespace. */
export interface ExpandedName {
  readonly namespace: string;
  readonly local: string;
}

/** The namespace declarations that are in force while a document is read. */
export interface Namespaces {
  /** Takes an attribute of an element of that depth; throws an XmlRpcFault when it is no namespace declaration. */
  readonly declare: (attribute: string, value: string, depth: number) => void;
  /** Ends what elements of that depth, or deeper, declared. */
  readonly leave: (depth: number) => void;
  /** Resolves the name of an element, as it stands in its tag; throws an XmlRpcFault when its prefix is not declared. */
  readonly resolve: (name: string) => ExpandedName;
}

interface Declaration {
  readonly prefix: string;
  readonly namespace: string;
  readonly depth: number;
}

const PREFIX = /^xmlns(?::(?!xml)([^:]+))?$/;

/**
 * Starts without a declaration. The XML parser could do this too, but it then looks through every open element for each
 * new one: a deep and wide document takes three times as long.
 */
export function createNamespaces({ maxNamespaces }: Pick<XmlRpcLimits, 'maxNamespaces'>): Namespaces {
  const declarations: Declaration[] = [];

  return {
    declare(attribute, value, depth) {
      const match = PREFIX.exec(attribute);
      if (match === null) {
        throw invalid(`expected no attribute but namespace declarations, got ${quoted(attribute)}`);
      }
      const prefix = match[1] ?? '';
      if (prefix !== '' && value === '')
        throw invalid(`the prefix ${quoted(prefix)} stands for no namespace`);
      if (declarations.length >= maxNamespaces) {
        throw new XmlRpcFault(
          FAULT_CODES.unavailable,
          `more than ${maxNamespaces} namespace declarations are in force, the limit of this service,`,
        );
      }
      declarations.push({ prefix, namespace: value, depth });
    },
    leave(depth) {
      while ((declarations.at(-1)?.depth ?? -1) >= depth) declarations.pop();
    },
    resolve(name) {
      const colon = name.indexOf(':');
      if (colon === -1 && declarations.length === 0) return { namespace: '', local: name };
      const prefix = colon === -1 ? '' : name.slice(0, colon);
      const declared = declarations.findLast((declaration) => declaration.prefix === prefix);
      if (declared === undefined && colon !== -1) {
        throw invalid(`the prefix of the element ${quoted(name)} is not declared`);
      }
      return { namespace: declared?.namespace ?? '', local: name.slice(colon + 1) };
    },
  };
}

function invalid(problem: string): XmlRpcFault {
  return new XmlRpcFault(FAULT_CODES.invalidXmlRpc, problem);
}
