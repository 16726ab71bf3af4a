import type { XmlRpcValue } from '../engine-model/value.js';
import { quoted } from '../lib/text.js';
import { argumentsOf, wrongType } from './arguments.js';
import type { BridgeMethod, MethodOutcome } from './method.js';
import { FAULT_CODES, XmlRpcFault } from './xml-rpc/fault.js';

/** Adds the three introspection methods of XML-RPC servers to a list of methods. */
export function withIntrospection(methods: readonly BridgeMethod[]): readonly BridgeMethod[] {
  const all: readonly BridgeMethod[] = [
    ...methods,
    {
      name: 'system.listMethods',
      help: 'Lists the names of the methods.',
      signatures: [['array']],
      run(params) {
        argumentsOf('system.listMethods', params, []);
        return answer(all.map(({ name }) => name));
      },
    },
    {
      name: 'system.methodHelp',
      help: 'Says what a method does. Argument: its name.',
      signatures: [['string', 'string']],
      run: (params) => answer(named('system.methodHelp', params).help),
    },
    {
      name: 'system.methodSignature',
      help: 'Lists the ways to call a method: the type of its result, then those of its arguments. Argument: its name.',
      signatures: [['array', 'string']],
      run: (params) => answer(named('system.methodSignature', params).signatures),
    },
  ];

  function named(method: string, params: readonly XmlRpcValue[]): BridgeMethod {
    const [name, at] = argumentsOf(method, params, ['methodName'])(0);
    if (typeof name !== 'string') throw wrongType(at, 'a string with the name of a method', name);
    const found = all.find((candidate) => candidate.name === name);
    if (found === undefined) throw methodNotFound(name, all);
    return found;
  }

  return all;
}

/** Creates the fault for an unknown method. */
export function methodNotFound(name: string, methods: Iterable<BridgeMethod>): XmlRpcFault {
  const names = Array.from(methods, (method) => method.name).join(', ');
  return new XmlRpcFault(
    FAULT_CODES.methodNotFound,
    `there is no method ${quoted(name)}; there are: ${names}`,
  );
}

function answer(value: XmlRpcValue): Promise<MethodOutcome> {
  return Promise.resolve({ answer: value });
}
