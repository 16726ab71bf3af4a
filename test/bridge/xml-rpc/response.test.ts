import { expect } from 'chai';
import fc from 'fast-check';
import { FAULT_CODES, XmlRpcFault } from '../../../src/bridge/xml-rpc/fault.js';
import { readResponse } from '../../../src/bridge/xml-rpc/reader.js';
import { writeFault, writeResponse, type WritableValue } from '../../../src/bridge/xml-rpc/writer.js';
import { hostId } from '../../support/world.js';
import { callWith, faultOf } from './reading.js';

const readAnswer = (body: string) => readResponse(Buffer.from(body));
const HOSTS = [1, 2, 3].map(hostId);

const param = (value: string) => `<param><value>${value}</value></param>`;
const answer = (inside: string) => `<methodResponse>${inside}</methodResponse>`;

describe('reading an answer', () => {
  it('reads its value', () => {
    const value = new Map([['result', [['a', 1]]]]);
    expect(readResponse(writeResponse(value))).to.deep.equal({ value });
  });

  it('reads nil as a value', () => {
    expect(readResponse(writeResponse(null))).to.deep.equal({ value: null });
  });

  it('reads its fault', () => {
    const { fault } = readAnswer(writeFault(new XmlRpcFault(-32602, 'a < b')));
    expect(fault).to.be.instanceOf(XmlRpcFault);
    expect([fault?.code, fault?.message]).to.deep.equal([-32602, 'a < b']);
  });

  const int = fc.oneof(fc.integer(), fc.integer({ min: -11, max: 111 }));
  const column = fc.record({
    name: fc.option(fc.string({ unit: 'binary' }), { nil: undefined }),
    ints: fc.array(int, { minLength: HOSTS.length, maxLength: HOSTS.length }),
  });

  it('writes rows from columns as it writes as many arrays, byte for byte', () => {
    fc.assert(
      fc.property(fc.array(column, { maxLength: 3 }), fc.boolean(), (columns, isSame) => {
        const texts = isSame ? HOSTS : [...HOSTS, 'a < b'].slice(1);
        const arrays = columns.flatMap(({ name, ints }) =>
          texts.map((text, place) => [text, ints[place] ?? 0, ...(name === undefined ? [] : [name])]),
        );
        const answer = (result: WritableValue) =>
          writeResponse(
            new Map([
              ['\0', 'a\0b'],
              ['result', result],
              ['errors', ['é']],
            ]),
          );
        const written = answer({ kind: 'rows', texts, columns });
        expect(written.toString()).to.equal(answer(arrays).toString());
      }),
    );
  });

  it('writes no row with a number that is no int', () => {
    const rows = (cost: number) => writeResponse({ kind: 'rows', texts: ['a'], columns: [{ ints: [cost] }] });
    expect(() => rows(0.5)).to.throw(RangeError);
    expect(() => rows(2 ** 31)).to.throw(RangeError);
    expect(readResponse(rows(-(2 ** 31)))).to.deep.equal({ value: [['a', -(2 ** 31)]] });
  });

  it('writes a fault as the specification has it', () => {
    expect(writeFault(new XmlRpcFault(4, 'Too many parameters.'))).to.equal(
      '<?xml version="1.0" encoding="UTF-8"?>\n<methodResponse><fault><value><struct><member><name>faultCode</name><value><int>4</int></value></member>' +
        '<member><name>faultString</name><value><string>Too many parameters.</string></value></member></struct></value></fault></methodResponse>\n',
    );
  });

  for (const [body, words] of [
    [answer(''), 'expected <params> or <fault> in <methodResponse>, got its end'],
    [answer('<params/>'), 'expected one <param> in the answer, got 0'],
    [answer(`<params>${param('a')}${param('b')}</params>`), 'expected one <param> in the answer, got 2'],
    [
      answer(`<params>${param('a')}</params><fault/>`),
      'expected nothing more in <methodResponse>, got <fault>',
    ],
    [answer('<fault/>'), 'expected <value> in <fault>, got its end'],
    [
      answer('<fault><value>no</value></fault>'),
      'expected a struct of an int faultCode and a string faultString',
    ],
    [
      answer(
        '<fault><value><struct><member><name>faultCode</name><value>4</value></member><member><name>faultString</name><value>x</value></member></struct></value></fault>',
      ),
      'expected a struct of an int faultCode and a string faultString',
    ],
    [callWith('<value/>'), 'expected <methodResponse> as the root, got <methodCall>'],
    ['<html/>', 'expected <methodResponse> as the root, got <html>'],
  ] as const) {
    it(`refuses ${body.slice(0, 80)}: ${words}`, () => {
      const fault = faultOf(() => readAnswer(body));
      expect(fault.message).to.include(words);
      expect(fault.code).to.equal(FAULT_CODES.invalidXmlRpc);
    });
  }
});
