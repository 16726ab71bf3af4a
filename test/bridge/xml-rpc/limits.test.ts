import { expect } from 'chai';
import { FAULT_CODES } from '../../../src/bridge/xml-rpc/fault.js';
import {
  MAX_DEPTH,
  MAX_ELEMENTS,
  MAX_NAME_LENGTH,
  MAX_NAMESPACES,
  readCall,
} from '../../../src/bridge/xml-rpc/reader.js';
import { writeCall } from '../../../src/bridge/xml-rpc/writer.js';
import { callWith, faultOf, readText } from './reading.js';
import { manyItems, manyMembers, manyParams } from './seeds.js';

/** A value inside `count` arrays: 3 elements each, and 5 around and in them. */
const nested = (count: number) =>
  callWith(
    `${'<value><array><data>'.repeat(count)}<value><nil/></value>${'</data></array></value>'.repeat(count)}`,
  );

/** A call with a namespace more than that number: callWith declares one. */
const namespaces = (count: number) =>
  callWith(`<value${Array.from({ length: count }, (_, n) => ` xmlns:n${n}="x"`).join('')}/>`);

/** A call of 3 + 2 x 249,998 = 499,999 elements, and that many attributes. */
const elements = (attributes: number) =>
  manyParams(249_998)
    .toString()
    .replace(
      '<methodCall',
      `<methodCall${Array.from({ length: attributes }, (_, n) => ` xmlns:n${n}="x"`).join('')}`,
    );

const method = (length: number) => `<methodCall><methodName>${'m'.repeat(length)}</methodName></methodCall>`;

const member = (length: number) =>
  callWith(`<value><struct><member><name>${'m'.repeat(length)}</name><value/></member></struct></value>`);

const CASES: readonly (readonly [fits: string, exceeds: string, words: string])[] = [
  [nested(19), nested(20), `elements are nested more than ${MAX_DEPTH} deep`],
  [elements(1), elements(2), `there are more than ${MAX_ELEMENTS} elements`],
  [
    method(MAX_NAME_LENGTH),
    method(MAX_NAME_LENGTH + 1),
    `a <methodName> has more than ${MAX_NAME_LENGTH} characters`,
  ],
  [
    member(MAX_NAME_LENGTH),
    member(MAX_NAME_LENGTH + 1),
    `a <name> has more than ${MAX_NAME_LENGTH} characters`,
  ],
  [
    namespaces(MAX_NAMESPACES - 1),
    namespaces(MAX_NAMESPACES),
    `more than ${MAX_NAMESPACES} namespaces are declared at one place`,
  ],
];

describe('limits of what is read', () => {
  it('are 64 levels, 500,000 elements, names of 1024 characters, 16 namespaces', () => {
    expect([MAX_DEPTH, MAX_ELEMENTS, MAX_NAME_LENGTH, MAX_NAMESPACES]).to.deep.equal([64, 500_000, 1024, 16]);
  });

  for (const [fits, exceeds, words] of CASES) {
    it(`refuse: ${words}`, () => {
      expect(readText(fits).params.length).to.be.at.least(0);
      const fault = faultOf(() => readText(exceeds));
      expect(fault.message).to.include(`${words}, the limit of this service,`);
      expect(fault.code).to.equal(FAULT_CODES.unavailable);
    }).timeout(20_000);
  }

  it('do not count a namespace that is no longer in force, or that is declared again', () => {
    const nil = '<value><ex:nil xmlns:ex="http://ws.apache.org/xmlrpc/namespaces/extensions"/></value>';
    const body = writeCall('m', [[]]).replace('<data></data>', `<data>${nil.repeat(1000)}</data>`);
    expect(readText(body).params[0]).to.have.lengthOf(1000);
  });

  const rows = Array.from({ length: 10_000 }, (_, index) => [`host ${index}`, index, 'unit']);
  for (const [name, param] of [
    ['10,000 host ids', rows.map(([id]) => id ?? '')],
    ['10,000 rows of three for each of five units', [...rows, ...rows, ...rows, ...rows, ...rows]],
  ] as const) {
    it(`let ${name} through`, () => {
      expect(readText(writeCall('m', [param])).params[0]).to.have.lengthOf(param.length);
    }).timeout(20_000);
  }

  const MANY = 200_000;
  const huge: readonly (readonly [
    things: string,
    body: Buffer,
    count: (call: ReturnType<typeof readCall>) => unknown,
  ])[] = [
    ['params', manyParams(MANY), ({ params }) => params.length],
    [
      'items of an array',
      manyItems(MANY),
      ({ params: [value] }) => (Array.isArray(value) ? value.length : value),
    ],
    [
      'members of a struct',
      manyMembers(150_000),
      ({ params: [value] }) => (value instanceof Map ? value.size + 50_000 : value),
    ],
  ];
  for (const [things, body, count] of huge) {
    it(`let very many ${things} through`, () => {
      expect(count(readCall(body))).to.equal(MANY);
    }).timeout(20_000);
  }

  /** What may go on for as long as a body may. */
  const ENDLESS: readonly (readonly [name: string, start: string, more: string])[] = [
    ['text', '<methodCall><methodName>', 'a'],
    ['references', '<methodCall><methodName>', '&lt;'],
    ['a comment', '<methodCall><!--', ' -'],
    ['CDATA', '<methodCall><methodName><![CDATA[', ']'],
    ['a tag', '<', 'a'],
    ['an attribute', '<methodCall xmlns="', 'a'],
    ['attributes', '<methodCall', ' a="b"'],
    ['an entity', '<methodCall><methodName>&', 'a'],
    ['a DTD', '<!DOCTYPE a [', '<!ENTITY a "b">'],
    ['a processing instruction', '<?a ', '?'],
    ['an XML declaration', '<?xml version="1.0" encoding="', 'a'],
    ['white space before the root', ' ', ' '],
    ['arrays in each other', '<methodCall><methodName>m</methodName><params><param>', '<value><array><data>'],
  ];
  for (const [name, start, more] of ENDLESS) {
    it(`refuse ${name} without an end`, () => {
      const fault = faultOf(() => readText(start + more.repeat(Math.ceil(1_000_000 / more.length))));
      expect([FAULT_CODES.unavailable, FAULT_CODES.notWellFormed]).to.include(fault.code);
    });
  }
});
