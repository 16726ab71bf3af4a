import { expect } from 'chai';
import { typeNameOf, type XmlRpcValue } from '../../../src/engine-model/value.js';
import { writeCall } from '../../../src/bridge/xml-rpc/writer.js';
import { readText, readValue } from './reading.js';

const double = (value: number): XmlRpcValue => ({ kind: 'double', value });
const dateTime = (text: string): XmlRpcValue => ({ kind: 'dateTime', text });
const bytes = (text: string) => Uint8Array.from(Buffer.from(text));
const struct = (...members: [string, XmlRpcValue][]): XmlRpcValue => new Map(members);

const READ: readonly (readonly [inside: string, value: XmlRpcValue])[] = [
  ['<int>0</int>', 0],
  ['<int>-0</int>', 0],
  ['<int>+7</int>', 7],
  ['<int>007</int>', 7],
  ['<int>2147483647</int>', 2_147_483_647],
  ['<i4>-2147483648</i4>', -2_147_483_648],
  ['<ex:i1>-128</ex:i1>', -128],
  ['<ex:i1>127</ex:i1>', 127],
  ['<ex:i2>32767</ex:i2>', 32_767],
  ['<i8>9223372036854775807</i8>', 9_223_372_036_854_775_807n],
  ['<ex:i8>-9223372036854775808</ex:i8>', -9_223_372_036_854_775_808n],
  ['<ex:i8>+5</ex:i8>', 5n],
  ['<ex:biginteger>12</ex:biginteger>', 12n],
  ['<double>1.5</double>', double(1.5)],
  ['<double>-.5</double>', double(-0.5)],
  ['<double>3</double>', double(3)],
  ['<double>1.0E10</double>', double(1e10)],
  ['<double>1e-7</double>', double(1e-7)],
  ['<ex:float>2.25</ex:float>', double(2.25)],
  ['<ex:bigdecimal>2.25</ex:bigdecimal>', double(2.25)],
  ['<boolean>0</boolean>', false],
  ['<boolean>1</boolean>', true],
  ['<string>a</string>', 'a'],
  ['<string></string>', ''],
  ['<string/>', ''],
  ['<string> a\n b </string>', ' a\n b '],
  ['<string>a&lt;&gt;&amp;&quot;&apos;&#65;&#x1F600;z</string>', 'a<>&"\'A😀z'],
  ['<string>a<![CDATA[<b>&amp;]]>c<!-- d -->e</string>', 'a<b>&amp;ce'],
  ['<string>a\r\nb\rc</string>', 'a\nb\nc'],
  ['text', 'text'],
  ['', ''],
  ['  ', '  '],
  ['a<!-- b -->c', 'ac'],
  ['<![CDATA[<i4>]]>', '<i4>'],
  ['\n  <i4>1</i4>\n', 1],
  [' <!-- a --> <i4>1</i4> <!-- b --> ', 1],
  ['<dateTime.iso8601>19980717T14:08:55</dateTime.iso8601>', dateTime('19980717T14:08:55')],
  ['<dateTime.iso8601>1998-07-17T14:08:55Z</dateTime.iso8601>', dateTime('1998-07-17T14:08:55Z')],
  ['<ex:dateTime>1998-07-17T14:08:55.123+02:00</ex:dateTime>', dateTime('1998-07-17T14:08:55.123+02:00')],
  ['<base64>aGVsbG8=</base64>', bytes('hello')],
  ['<base64>\naGVs\r\nbG8=\n</base64>', bytes('hello')],
  ['<base64></base64>', bytes('')],
  ['<nil/>', null],
  ['<nil></nil>', null],
  ['<ex:nil/>', null],
  ['<other:nil xmlns:other="http://ws.apache.org/xmlrpc/namespaces/extensions"/>', null],
  ['<i8 xmlns="http://ws.apache.org/xmlrpc/namespaces/extensions">5</i8>', 5n],
  ['<array><data></data></array>', []],
  ['<array> <data/> </array>', []],
  ['<array><data><value><i4>1</i4></value><value>b</value></data></array>', [1, 'b']],
  ['<array><data><value><array><data><value/></data></array></value></data></array>', [['']]],
  ['<struct></struct>', struct()],
  ['<struct/>', struct()],
  [
    '<struct>\n<member> <name>b</name> <value>x</value> </member><member><name>a</name><value><nil/></value></member></struct>',
    struct(['b', 'x'], ['a', null]),
  ],
  ['<struct><member><name></name><value/></member></struct>', struct(['', ''])],
  ['<struct><member><name>__proto__</name><value>x</value></member></struct>', struct(['__proto__', 'x'])],
];

describe('reading a value', () => {
  for (const [inside, value] of READ) {
    it(`reads <value>${inside.replaceAll('\n', '\\n').replaceAll('\r', '\\r')}</value> as ${typeNameOf(value)}`, () => {
      expect(readValue(`<value>${inside}</value>`)).to.deep.equal(value);
    });
  }

  it('touches no prototype with a member named __proto__', () => {
    readValue(
      '<value><struct><member><name>__proto__</name><value><struct><member><name>polluted</name><value>x</value></member></struct></value></member></struct></value>',
    );
    expect('polluted' in {}).to.equal(false);
  });

  it('tells 0 from -0, which no <int> has', () => {
    expect(Object.is(readValue('<value><int>-0</int></value>'), 0)).to.equal(true);
  });
});

const WRITTEN: readonly (readonly [value: XmlRpcValue, inside: string])[] = [
  [0, '<int>0</int>'],
  [-0, '<int>0</int>'],
  [-2_147_483_648, '<int>-2147483648</int>'],
  [2_147_483_647, '<int>2147483647</int>'],
  [5n, '<ex:i8 xmlns:ex="http://ws.apache.org/xmlrpc/namespaces/extensions">5</ex:i8>'],
  [double(1.5), '<double>1.5</double>'],
  [double(3), '<double>3</double>'],
  [true, '<boolean>1</boolean>'],
  [false, '<boolean>0</boolean>'],
  ['', '<string></string>'],
  ['a&b<c>d', '<string>a&amp;b&lt;c&gt;d</string>'],
  [']]>', '<string>]]&gt;</string>'],
  ['a\r\n\tb', '<string>a&#13;\n\tb</string>'],
  ['😀\u0085\u2028\u007f', '<string>😀\u0085\u2028\u007f</string>'],
  ['a\0b\u001bc\u000bd', '<string>a\ufffdb\ufffdc\ufffdd</string>'],
  ['a\ufffeb\uffffc', '<string>a\ufffdb\ufffdc</string>'],
  ['a\ud800b\udc00c', '<string>a\ufffdb\ufffdc</string>'],
  [dateTime('19980717T14:08:55'), '<dateTime.iso8601>19980717T14:08:55</dateTime.iso8601>'],
  [bytes('hello'), '<base64>aGVsbG8=</base64>'],
  [null, '<ex:nil xmlns:ex="http://ws.apache.org/xmlrpc/namespaces/extensions"/>'],
  [[], '<array><data></data></array>'],
  [[1, 'b'], '<array><data><value><int>1</int></value><value><string>b</string></value></data></array>'],
  [struct(), '<struct></struct>'],
  [
    struct(['b', 1], ['a<', 2], ['1', 3]),
    '<struct><member><name>b</name><value><int>1</int></value></member><member><name>a&lt;</name><value><int>2</int></value></member><member><name>1</name><value><int>3</int></value></member></struct>',
  ],
];

describe('writing a value', () => {
  for (const [value, inside] of WRITTEN) {
    it(`writes ${JSON.stringify(inside)}`, () => {
      expect(writeCall('m', [value])).to.equal(
        `<?xml version="1.0" encoding="UTF-8"?>\n<methodCall><methodName>m</methodName><params><param><value>${inside}</value></param></params></methodCall>\n`,
      );
    });
  }

  for (const [value, words] of [
    [1.5, 'an XML-RPC <int> holds an integer of 32 bits, not 1.5'],
    [2_147_483_648, 'an XML-RPC <int> holds an integer of 32 bits, not 2147483648'],
    [Number.NaN, 'an XML-RPC <int> holds an integer of 32 bits, not NaN'],
    [2n ** 63n, 'an XML-RPC <i8> holds an integer of 64 bits, not 9223372036854775808'],
    [double(Number.NaN), 'an XML-RPC <double> is finite, not NaN'],
    [double(-Infinity), 'an XML-RPC <double> is finite, not -Infinity'],
  ] as const) {
    it(`refuses to write: ${words}`, () => {
      expect(() => writeCall('m', [value])).to.throw(RangeError, words);
    });
  }

  it('gives back what it was given when it is read again, unless XML can not hold it', () => {
    const value: XmlRpcValue = [
      ...[0, -1, 7n, double(1e300), double(5e-324), true, ' a\r\n]]>&😀 ', null],
      [bytes('\0\u0001'), dateTime('19980717T14:08:55')],
      struct(['__proto__', struct(['constructor', []])], [' ', 'x']),
    ];
    expect(readText(writeCall('a.b:c/d_1', [value, 'second']))).to.deep.equal({
      method: 'a.b:c/d_1',
      params: [value, 'second'],
    });
  });
});
