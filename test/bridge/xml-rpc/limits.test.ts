import { expect } from 'chai';
import { createCallReader } from '../../../src/bridge/xml-rpc/call-reader.js';
import { FAULT_CODES } from '../../../src/bridge/xml-rpc/fault.js';
import { XML_RPC_LIMITS, type XmlRpcLimits } from '../../../src/bridge/xml-rpc/limits.js';
import { writeCall } from '../../../src/bridge/xml-rpc/writer.js';
import { callWith, faultOf, readCall } from './reading.js';
import { manyItems, manyMembers, manyParams } from './seeds.js';

/** A value inside `count` arrays: 3 elements each, and 5 around and in them. */
const nested = (count: number) =>
  callWith(
    `${'<value><array><data>'.repeat(count)}<value><nil/></value>${'</data></array></value>'.repeat(count)}`,
  );

const text = (length: number) => callWith(`<value>${'a'.repeat(length)}</value>`);

interface Case {
  readonly limit: keyof XmlRpcLimits;
  readonly value: number;
  /** Just within the limit. */
  readonly fits: string;
  /** Just beyond. */
  readonly exceeds: string;
  readonly words: string;
}

const CASES: readonly Case[] = [
  {
    limit: 'maxDepth',
    value: 11,
    fits: nested(2),
    exceeds: callWith(`${'<value><array><data>'.repeat(3)}</data></array></value>`),
    words: 'elements are nested more than 11 deep, the limit of this service,',
  },
  {
    limit: 'maxElements',
    value: 7,
    // The namespace declaration that callWith makes is the seventh.
    fits: callWith('<value><string>a</string></value>'),
    exceeds: callWith('<value><array><data/></array></value>'),
    words: 'there are more than 7 elements, the limit of this service,',
  },
  {
    limit: 'maxTextLength',
    value: 200,
    fits: text(200),
    exceeds: text(201),
    words: 'a text has more than 200 characters, the limit of this service,',
  },
  {
    limit: 'maxNameLength',
    value: 5,
    fits: '<methodCall><methodName>12345</methodName></methodCall>',
    exceeds: '<methodCall><methodName>123456</methodName></methodCall>',
    words: 'a <methodName> has more than 5 characters, the limit of this service,',
  },
  {
    limit: 'maxNameLength',
    value: 5,
    fits: callWith('<value><struct><member><name>12345</name><value/></member></struct></value>'),
    exceeds: callWith('<value><struct><member><name>123456</name><value/></member></struct></value>'),
    words: 'a <name> has more than 5 characters, the limit of this service,',
  },
  {
    limit: 'maxNamespaces',
    value: 2,
    fits: callWith('<value xmlns:a="x"><string xmlns="">a</string></value>').replace(/ xmlns:ex="[^"]*"/, ''),
    exceeds: callWith('<value xmlns:a="x"><string xmlns="">a</string></value>'),
    words: 'more than 2 namespace declarations are in force, the limit of this service,',
  },
];

describe('limits of what is read', () => {
  for (const { limit, value, fits, exceeds, words } of CASES) {
    it(`${limit} = ${value}: ${words}`, () => {
      expect(readCall(fits, { [limit]: value }).params.length).to.be.at.most(1);
      const fault = faultOf(() => readCall(exceeds, { [limit]: value }));
      expect(fault.message).to.include(words);
      expect(fault.code).to.equal(FAULT_CODES.unavailable);
    });
  }

  it(`${XML_RPC_LIMITS.maxDepth} elements deep is deep enough for arrays in arrays 19 times`, () => {
    expect(readCall(nested(19)).params).to.have.lengthOf(1);
    expect(faultOf(() => readCall(nested(20))).code).to.equal(FAULT_CODES.unavailable);
  });

  it('a declaration that is no longer in force does not count', () => {
    const nil = '<value><ex:nil xmlns:ex="http://ws.apache.org/xmlrpc/namespaces/extensions"/></value>';
    const body = writeCall('m', [[]]).replace('<data></data>', `<data>${nil.repeat(1000)}</data>`);
    expect(readCall(body, { maxNamespaces: 1 }).params[0]).to.have.lengthOf(1000);
  });

  const rows = Array.from({ length: 10_000 }, (_, index) => [`host ${index}`, index, 'unit']);
  for (const [name, param] of [
    ['10,000 host ids', rows.map(([id]) => id ?? '')],
    ['10,000 rows of three', rows],
  ] as const) {
    it(`${name} fit by default`, () => {
      expect(readCall(writeCall('m', [param])).params[0]).to.have.lengthOf(10_000);
    });
  }

  const MANY = 400_000;
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
      manyMembers(MANY),
      ({ params: [value] }) => (value instanceof Map ? value.size : value),
    ],
  ];
  for (const [things, body, count] of huge) {
    it(`${MANY} ${things} fit where maxElements is above them, and are refused where it is not`, () => {
      expect(count(readCall(body, { maxElements: 3 * MANY + 10 }))).to.equal(MANY);
      const fault = faultOf(() => readCall(body, { maxElements: MANY }));
      expect(fault.message).to.include(`there are more than ${MANY} elements`);
    }).timeout(20_000);
  }

  it('100,000 arrays in each other are refused before their end', () => {
    const reader = createCallReader();
    const fault = faultOf(() => reader.write(Buffer.from('<value><array><data>'.repeat(100_000))));
    expect(fault.message).to.include('as the root');
    const deep = createCallReader();
    const head = Buffer.from(`<methodCall><methodName>m</methodName><params><param>`);
    deep.write(head);
    expect(faultOf(() => deep.write(Buffer.from('<value><array><data>'.repeat(100_000)))).message).to.include(
      'nested more than 64 deep',
    );
  });

  /** What may go on for ever; written in pieces, so that nothing but the limit can end it. */
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
    ['white space after the root', `${callWith('<value/>')} `, ' '],
    ['comments', '<methodCall>', '<!---->'],
  ];
  for (const [name, start, more] of ENDLESS) {
    it(`${name} without an end is refused long before 8 MiB are there`, () => {
      const reader = createCallReader({ maxTextLength: 100_000 });
      reader.write(Buffer.from(start));
      const piece = Buffer.from(more.repeat(Math.ceil(50_000 / more.length)));
      const fault = faultOf(() => {
        for (let bytes = 0; bytes < 1_000_000; bytes += piece.length) reader.write(piece);
      });
      expect([FAULT_CODES.unavailable, FAULT_CODES.notWellFormed]).to.include(fault.code);
    });
  }
});
