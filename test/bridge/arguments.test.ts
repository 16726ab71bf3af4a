import { expect } from 'chai';
import { createArgumentReader } from '../../src/bridge/arguments.js';
import { XmlRpcFault } from '../../src/bridge/xml-rpc/fault.js';
import type { XmlRpcValue } from '../../src/engine-model/value.js';
import { hostId, vmId } from '../support/world.js';

const [H1, H2] = [hostId(1), hostId(2)] as const;
const VM = vmId(1);
const NONE: XmlRpcValue = new Map();

const struct = (members: Readonly<Record<string, XmlRpcValue>>): XmlRpcValue =>
  new Map(Object.entries(members));
const double = (value: number): XmlRpcValue => ({ kind: 'double', value });
const many = <Value>(count: number, make: (n: number) => Value): Value[] =>
  Array.from({ length: count }, (_, n) => make(n));

describe('arguments of the engine', () => {
  const read = createArgumentReader(10_000);

  it('reads runFilters; a filter and a host that are named twice stand there once', () => {
    const { filters, hosts, vmId, properties } = read.filters([
      ['b', 'a', 'b'],
      [H2, H1.toUpperCase(), H1, H2],
      VM.toUpperCase(),
      struct({ k: 'v' }),
    ]);
    expect(filters).to.deep.equal(['b', 'a']);
    expect(hosts.ids).to.deep.equal([H2, H1]);
    expect(hosts.texts).to.deep.equal([H2, H1.toUpperCase()]);
    expect(vmId).to.equal(VM);
    expect([...properties]).to.deep.equal([['k', 'v']]);
  });

  it('reads runCostFunctions; factors of a function that is named twice are summed: 2 + 3 = 5', () => {
    const functions = [
      ['a', 2],
      ['b', 7n],
      ['a', double(3)],
    ];
    expect([...read.costs([functions, [H1], VM, null]).functions]).to.deep.equal([
      ['a', 5],
      ['b', 7],
    ]);
  });

  it('reads runLoadBalancing with nil for properties', () => {
    const { balancer, hosts, properties } = read.balance(['b', [], null]);
    expect([balancer, hosts.ids, properties.size]).to.deep.equal(['b', [], 0]);
  });

  it('reads an empty string, which clients of the old proxy send, as no properties', () => {
    expect(read.filters([[], [], VM, '']).properties.size).to.equal(0);
    expect(read.costs([[], [], VM, '']).properties.size).to.equal(0);
    expect(read.balance(['b', [], '']).properties.size).to.equal(0);
    expect(() => read.balance(['b', [], ' '])).to.throw(
      'expected a struct of properties, or nil, got string',
    );
  });

  const values: readonly (readonly [title: string, value: XmlRpcValue, text: string | undefined])[] = [
    ['a string', 'x', 'x'],
    ['an int', -7, '-7'],
    ['an i8', 2n ** 40n, '1099511627776'],
    ['a double', double(0.5), '0.5'],
    ['a boolean', true, 'true'],
    ['nil', null, undefined],
  ];
  for (const [title, value, text] of values) {
    it(`reads a property that is ${title} as ${text === undefined ? 'not set' : JSON.stringify(text)}`, () => {
      expect(read.balance(['b', [], struct({ k: value })]).properties.get('k')).to.equal(text);
    });
  }

  it('gives the same hosts for the same array, by which a service caches', () => {
    const list = [H1, H2];
    const first = read.filters([['f'], list, VM, NONE]).hosts;
    expect(read.costs([[['s', 1]], list, VM, NONE]).hosts).to.equal(first);
    expect(read.filters([['f'], [H2, H1], VM, NONE]).hosts).not.to.equal(first);
  });

  const { filters, costs, balance } = read;
  const faults: readonly {
    readonly text: string;
    readonly read: (params: readonly XmlRpcValue[]) => unknown;
    readonly params: readonly XmlRpcValue[];
  }[] = [
    {
      text: 'runFilters: argument 1, filterNames is missing: expected 4 arguments (filterNames, hostIds, vmId, properties), got 0',
      read: filters,
      params: [],
    },
    {
      text: 'runFilters: argument 4, properties is missing: expected 4 arguments (filterNames, hostIds, vmId, properties), got 3',
      read: filters,
      params: [['f'], [H1], VM],
    },
    {
      text: 'runLoadBalancing: argument 4 is superfluous: expected 3 arguments (balancerName, hostIds, properties), got 5',
      read: balance,
      params: ['b', [H1], NONE, 1, 2],
    },
    {
      text: 'runFilters: argument 1, filterNames: expected an array of names, got string',
      read: filters,
      params: ['f', [H1], VM, NONE],
    },
    {
      text: 'runFilters: argument 1, filterNames[1]: expected a string with the name of a unit, got int',
      read: filters,
      params: [['f', 1], [H1], VM, NONE],
    },
    {
      text: 'runFilters: argument 1, filterNames[0]: expected the name of a unit, got an empty string',
      read: filters,
      params: [[''], [H1], VM, NONE],
    },
    {
      text: 'runFilters: argument 2, hostIds: expected an array of host ids, got struct',
      read: filters,
      params: [['f'], NONE, VM, NONE],
    },
    {
      text: 'runFilters: argument 2, hostIds[1]: expected a string with a UUID, got nil',
      read: filters,
      params: [['f'], [H1, null], VM, NONE],
    },
    {
      text: 'runFilters: argument 2, hostIds[0]: expected a UUID, got "web-1"',
      read: filters,
      params: [['f'], ['web-1'], VM, NONE],
    },
    {
      text: 'runFilters: argument 3, vmId: expected a string with a UUID, got array',
      read: filters,
      params: [['f'], [H1], [VM], NONE],
    },
    {
      text: String.raw`runFilters: argument 3, vmId: expected a UUID, got "a\nb"`,
      read: filters,
      params: [['f'], [H1], 'a\nb', NONE],
    },
    {
      text: 'runFilters: argument 4, properties: expected a struct of properties, or nil, got array',
      read: filters,
      params: [['f'], [H1], VM, []],
    },
    {
      text: 'runFilters: argument 4, properties["k"]: expected a string, an int, a double or a boolean, got base64',
      read: filters,
      params: [['f'], [H1], VM, struct({ k: new Uint8Array(1) })],
    },
    {
      text: 'runFilters: argument 4, properties["k"]: expected a string, an int, a double or a boolean, got dateTime.iso8601',
      read: filters,
      params: [['f'], [H1], VM, struct({ k: { kind: 'dateTime', text: '19980717T14:08:55' } })],
    },
    {
      text: 'runCostFunctions: argument 1, functions: expected an array of [name, factor], got boolean',
      read: costs,
      params: [true, [H1], VM, NONE],
    },
    {
      text: 'runCostFunctions: argument 1, functions[0]: expected an array [name, factor], got string',
      read: costs,
      params: [['f'], [H1], VM, NONE],
    },
    {
      text: 'runCostFunctions: argument 1, functions[1]: expected an array [name, factor], got an array of 3',
      read: costs,
      params: [
        [
          ['f', 1],
          ['f', 1, 1],
        ],
        [H1],
        VM,
        NONE,
      ],
    },
    {
      text: 'runCostFunctions: argument 1, functions[0][1]: expected an int, the factor, got string',
      read: costs,
      params: [[['f', '1']], [H1], VM, NONE],
    },
    {
      text: 'runCostFunctions: argument 1, functions[0][1]: expected an int, the factor, got 1.5',
      read: costs,
      params: [[['f', double(1.5)]], [H1], VM, NONE],
    },
    {
      text: 'runCostFunctions: argument 1, functions[0][1]: expected an int, the factor, got 2147483648',
      read: costs,
      params: [[['f', 2n ** 31n]], [H1], VM, NONE],
    },
    {
      text: 'runLoadBalancing: argument 1, balancerName: expected a string with the name of a unit, got nil',
      read: balance,
      params: [null, [H1], NONE],
    },
    {
      text: 'runFilters: argument 2, hostIds: 10001 host ids, at most 10000 are accepted (bridge.maxHostIds)',
      read: filters,
      params: [['f'], many(10_001, hostId), VM, NONE],
    },
    {
      text: 'runFilters: argument 1, filterNames: 129 units, at most 128 are accepted',
      read: filters,
      params: [many(129, String), [H1], VM, NONE],
    },
    {
      text: 'runCostFunctions: argument 1, functions: 129 units, at most 128 are accepted',
      read: costs,
      params: [many(129, (n) => [String(n), 1]), [H1], VM, NONE],
    },
    {
      text: 'runLoadBalancing: argument 1, balancerName: 129 characters, at most 128 are accepted',
      read: balance,
      params: ['x'.repeat(129), [H1], NONE],
    },
    {
      text: 'runLoadBalancing: argument 3, properties: 129 properties, at most 128 are accepted',
      read: balance,
      params: ['b', [H1], new Map(many(129, (n): [string, string] => [String(n), '']))],
    },
    {
      text: `runLoadBalancing: argument 3, properties["${'x'.repeat(60)}"...]: 129 characters, at most 128 are accepted`,
      read: balance,
      params: ['b', [H1], struct({ ['x'.repeat(129)]: '' })],
    },
    {
      text: 'runLoadBalancing: argument 3, properties["k"]: 1025 characters, at most 1024 are accepted',
      read: balance,
      params: ['b', [H1], struct({ k: 'x'.repeat(1025) })],
    },
  ];
  for (const { text, read, params } of faults) {
    it(`faults: ${text}`, () => {
      expect(() => read(params))
        .to.throw(XmlRpcFault)
        .with.property('message', text);
      expect(() => read(params))
        .to.throw(XmlRpcFault)
        .with.property('code', -32602);
    });
  }

  it('takes what the limits just allow: 10000 hosts, 128 units, 128 properties', () => {
    const properties = new Map(many(128, (n): [string, string] => [String(n), 'x'.repeat(1024)]));
    const asked = read.filters([many(128, (n) => `${n}`.padEnd(128)), many(10_000, hostId), VM, properties]);
    expect([asked.filters.length, asked.hosts.ids.length, asked.properties.size]).to.deep.equal([
      128, 10_000, 128,
    ]);
  });
});
