import { expect } from 'chai';
import { FAULT_CODES } from '../../../src/bridge/xml-rpc/fault.js';
import { readCall } from '../../../src/bridge/xml-rpc/reader.js';
import { callWith, faultOf, readText, readValue } from './reading.js';

const { notWellFormed, invalidXmlRpc, unsupportedEncoding, invalidCharacter } = FAULT_CODES;

/** Inside of a `<value>`, and what is said of it. */
const VALUES: readonly (readonly [inside: string, words: string])[] = [
  ['<int></int>', 'expected an integer of 32 bits in <int>, got ""'],
  ['<int> 5</int>', 'expected an integer of 32 bits in <int>, got " 5"'],
  ['<int>12abc</int>', 'expected an integer of 32 bits in <int>, got "12abc"'],
  ['<int>1.0</int>', 'expected an integer of 32 bits in <int>, got "1.0"'],
  ['<int>0x10</int>', 'expected an integer of 32 bits in <int>, got "0x10"'],
  ['<int>٣</int>', 'expected an integer of 32 bits in <int>, got "٣"'],
  ['<int>2147483648</int>', 'expected an integer of 32 bits in <int>, got "2147483648"'],
  ['<i4>-2147483649</i4>', 'expected an integer of 32 bits in <i4>, got "-2147483649"'],
  [`<i4>${'9'.repeat(100)}</i4>`, `expected an integer of 32 bits in <i4>, got "${'9'.repeat(60)}"...`],
  ['<ex:i1>128</ex:i1>', 'expected an integer of 8 bits in <ex:i1>, got "128"'],
  ['<ex:i2>-32769</ex:i2>', 'expected an integer of 16 bits in <ex:i2>, got "-32769"'],
  ['<i8>9223372036854775808</i8>', 'expected an integer of 64 bits in <i8>, got "9223372036854775808"'],
  [
    '<ex:biginteger>99999999999999999999</ex:biginteger>',
    'expected an integer of 64 bits in <ex:biginteger>, got "99999999999999999999"',
  ],
  ['<double>1.5x</double>', 'expected a finite decimal number in <double>, got "1.5x"'],
  ['<double>NaN</double>', 'expected a finite decimal number in <double>, got "NaN"'],
  ['<double>Infinity</double>', 'expected a finite decimal number in <double>, got "Infinity"'],
  ['<double>1e999</double>', 'expected a finite decimal number in <double>, got "1e999"'],
  ['<double>.</double>', 'expected a finite decimal number in <double>, got "."'],
  ['<double>1,5</double>', 'expected a finite decimal number in <double>, got "1,5"'],
  ['<boolean>true</boolean>', 'expected 0 or 1 in <boolean>, got "true"'],
  ['<boolean>2</boolean>', 'expected 0 or 1 in <boolean>, got "2"'],
  ['<boolean/>', 'expected 0 or 1 in <boolean>, got ""'],
  [
    '<dateTime.iso8601>yesterday</dateTime.iso8601>',
    'expected a date and time such as 19980717T14:08:55 in <dateTime.iso8601>, got "yesterday"',
  ],
  [
    '<dateTime.iso8601>19981317T14:08:55</dateTime.iso8601>',
    'expected a date and time such as 19980717T14:08:55 in <dateTime.iso8601>, got "19981317T14:08:55"',
  ],
  ['<base64>aGVsbG8</base64>', 'expected base64 in <base64>, got "aGVsbG8"'],
  ['<base64>aGVs_G8=</base64>', 'expected base64 in <base64>, got "aGVs_G8="'],
  ['<base64>=aGV</base64>', 'expected base64 in <base64>, got "=aGV"'],
  ['<nil>x</nil>', 'expected nothing in <nil>, got "x"'],
  ['<i4>1</i4><i4>2</i4>', 'expected nothing more in <value>, got <i4>'],
  ['a<i4>1</i4>', 'expected no text beside the elements of <value>, got "a"'],
  ['<i4>1</i4>a', 'expected no text beside the elements of <value>, got "a"'],
  ['<i4>1</i4><![CDATA[a]]>', 'expected no text beside the elements of <value>, got "a"'],
  ['<i4><i4>1</i4></i4>', 'expected text in <i4>, got <i4>'],
  ['<string>a<b/></string>', 'expected text in <string>, got <b>'],
  ['<INT>1</INT>', 'expected the element of a type in <value>, got <INT>'],
  ['<float>1</float>', 'expected the element of a type in <value>, got <float>'],
  ['<ex:int>1</ex:int>', 'expected the element of a type in <value>, got <int> of the namespace '],
  ['<ex:dom/>', ', a type that holds objects of a Java program, which this service does not read'],
  ['<ex:serializable/>', ', a type that holds objects of a Java program, which this service does not read'],
  ['<no:nil/>', 'the prefix of the element "no:nil" is not declared'],
  ['<a:b:nil xmlns:a="x"/>', 'expected the element of a type in <value>, got <b:nil> of the namespace "x"'],
  [
    '<i4 xmlns="urn:x">1</i4>',
    'expected the element of a type in <value>, got <i4> of the namespace "urn:x"',
  ],
  ['<i4 a="b">1</i4>', 'expected no attribute but namespace declarations, got "a"'],
  ['<i4 xml:lang="b">1</i4>', 'expected no attribute but namespace declarations, got "xml:lang"'],
  ['<i4 xmlns:a="">1</i4>', 'the prefix "a" stands for no namespace'],
  ['<value/>', 'expected the element of a type in <value>, got <value>'],
  ['<data/>', 'expected the element of a type in <value>, got <data>'],
  ['<array/>', 'expected <data> in <array>, got its end'],
  ['<array><value/></array>', 'expected <data> in <array>, got <value>'],
  ['<array><data/><data/></array>', 'expected nothing more in <array>, got <data>'],
  ['<array><data>a</data></array>', 'expected no text beside the elements of <data>, got "a"'],
  ['<array><data><i4>1</i4></data></array>', 'expected <value> in <data>, got <i4>'],
  ['<struct><value/></struct>', 'expected <member> in <struct>, got <value>'],
  ['<struct><member/></struct>', 'expected <name> in <member>, got its end'],
  ['<struct><member><name>a</name></member></struct>', 'expected <value> in <member>, got its end'],
  ['<struct><member><value/><name>a</name></member></struct>', 'expected <name> in <member>, got <value>'],
  [
    '<struct><member><name>a</name><value/><value/></member></struct>',
    'expected nothing more in <member>, got <value>',
  ],
  [
    '<struct><member><name>a</name><name>b</name></member></struct>',
    'expected <value> in <member>, got <name>',
  ],
  [
    '<struct><member><name>a</name><value/></member><member><name>a</name><value/></member></struct>',
    'duplicate member "a" in a <struct>',
  ],
];

const DOCUMENTS: readonly (readonly [body: string, code: number, words: string])[] = [
  ['', notWellFormed, 'document must contain a root element'],
  ['  ', notWellFormed, 'document must contain a root element'],
  ['hello', notWellFormed, 'text data outside of root node'],
  ['{"method": "m"}', notWellFormed, 'text data outside of root node'],
  ['<methodCall>', notWellFormed, 'unclosed tag: methodCall'],
  ['<methodCall', notWellFormed, 'document must contain a root element'],
  ['<methodCall></methodcall>', invalidXmlRpc, 'expected <methodName> in <methodCall>, got its end'],
  ['<methodCall><methodName>m</methodCall>', notWellFormed, 'unexpected close tag'],
  [`${callWith('<value/>')}<methodCall/>`, notWellFormed, 'documents may contain only one root'],
  [`${callWith('<value/>')}x`, notWellFormed, 'text data outside of root node'],
  [`${callWith('<value/>')}<!-- x --> \n`, 0, ''],
  ['<methodResponse/>', invalidXmlRpc, 'expected <methodCall> as the root, got <methodResponse>'],
  ['<METHODCALL/>', invalidXmlRpc, 'expected <methodCall> as the root, got <METHODCALL>'],
  ['<methodCall/>', invalidXmlRpc, 'expected <methodName> in <methodCall>, got its end'],
  [
    '<methodCall><params/></methodCall>',
    invalidXmlRpc,
    'expected <methodName> in <methodCall>, got <params>',
  ],
  [
    '<methodCall><methodName></methodName></methodCall>',
    invalidXmlRpc,
    'expected the name of a method in <methodName>, got ""',
  ],
  [
    '<methodCall><methodName>a b</methodName></methodCall>',
    invalidXmlRpc,
    'expected the name of a method in <methodName>, got "a b"',
  ],
  [
    '<methodCall><methodName>m</methodName><params/><params/></methodCall>',
    invalidXmlRpc,
    'expected nothing more in <methodCall>, got <params>',
  ],
  [
    '<methodCall><methodName>m</methodName><params><value/></params></methodCall>',
    invalidXmlRpc,
    'expected <param> in <params>, got <value>',
  ],
  [
    '<methodCall><methodName>m</methodName><params><param/></params></methodCall>',
    invalidXmlRpc,
    'expected <value> in <param>, got its end',
  ],
  [callWith('<value/><value/>'), invalidXmlRpc, 'expected nothing more in <param>, got <value>'],
  [callWith('<value>&lol;</value>'), notWellFormed, 'undefined entity'],
  [callWith('<value>&amp</value>'), notWellFormed, 'unclosed tag'],
  [callWith('<value>&#0;</value>'), notWellFormed, 'malformed character entity'],
  // Apache's client writes an emoji like this, which is no XML.
  [callWith('<value>&#55357;&#56832;</value>'), notWellFormed, 'malformed character entity'],
  [callWith(`<value>&#${'9'.repeat(1000)};</value>`), notWellFormed, 'malformed character entity'],
  [callWith('<value>]]></value>'), notWellFormed, 'the string "]]>" is disallowed in char data'],
  [callWith('<value>\0</value>'), notWellFormed, 'disallowed character'],
  [callWith('<value>\u001b</value>'), notWellFormed, 'disallowed character'],
  [callWith('<value a=b/>'), notWellFormed, 'unquoted attribute value'],
  [callWith('<value xmlns:a="x" xmlns:a="x"/>'), notWellFormed, 'duplicate attribute: xmlns:a'],
  ['<!DOCTYPE methodCall><methodCall/>', invalidXmlRpc, 'a document type declaration is not allowed'],
  [
    `<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>${callWith('<value>&b;</value>')}`,
    invalidXmlRpc,
    'a document type declaration is not allowed',
  ],
  [
    `<!DOCTYPE x SYSTEM "file:///etc/passwd">${callWith('<value/>')}`,
    invalidXmlRpc,
    'a document type declaration is not allowed',
  ],
  ['<?xml-stylesheet href="x"?><methodCall/>', invalidXmlRpc, 'a processing instruction is not allowed'],
  [callWith('<value>a<?php b?></value>'), invalidXmlRpc, 'a processing instruction is not allowed'],
  [' <?xml version="1.0"?><methodCall/>', notWellFormed, 'an XML declaration must be at the start'],
  [
    `<?xml version="1.1"?>${callWith('<value/>')}`,
    invalidXmlRpc,
    'expected version 1.0 in the XML declaration, got "1.1"',
  ],
  [
    `<?xml version="1.0" encoding="UTF-16"?>${callWith('<value/>')}`,
    unsupportedEncoding,
    'expected the encoding UTF-8, or one that contains ASCII (US-ASCII, ISO-8859-1, windows-1252), in the XML declaration, got "UTF-16"',
  ],
  [`<?xml version="1.0" encoding="utf-8" standalone="yes"?>${callWith('<value/>')}`, 0, ''],
  [`\ufeff<?xml version="1.0"?>${callWith('<value/>')}`, 0, ''],
];

describe('a call in an encoding that contains ASCII', () => {
  const declared = (encoding: string, text: string) =>
    `<?xml version='1.0' encoding='${encoding}'?>${callWith(`<value>${text}</value>`)}`;

  for (const encoding of [
    'utf8',
    'UTF-8',
    'us-ascii',
    'US-ASCII',
    'iso-8859-1',
    'ISO-8859-1',
    'windows-1252',
  ]) {
    it(`is read when it declares ${encoding}`, () => {
      expect(readCall(Buffer.from(declared(encoding, 'a'))).params).to.deep.equal(['a']);
    });
  }

  it('has its letters beyond ASCII by the encoding: E9 is é, 80 in windows-1252 the euro sign', () => {
    expect(readCall(Buffer.from(declared('iso-8859-1', '\xe9'), 'latin1')).params).to.deep.equal(['é']);
    expect(readCall(Buffer.from(declared('windows-1252', '\x80'), 'latin1')).params).to.deep.equal(['€']);
    expect(readCall(Buffer.from(declared('utf8', 'é'))).params).to.deep.equal(['é']);
    expect(() => readCall(Buffer.from(declared('us-ascii', '\xe9'), 'latin1'))).to.throw('no valid UTF-8');
  });

  it('names it in the first 128 bytes, or is UTF-8', () => {
    const begin = '<?xml version="1.0" ';
    const end = 'encoding="iso-8859-1"';
    const named = (length: number) =>
      `${begin.padEnd(length - end.length)}${end}?>${callWith('<value>\xe9</value>')}`;
    expect(readCall(Buffer.from(named(128), 'latin1')).params).to.deep.equal(['é']);
    expect(() => readCall(Buffer.from(named(129), 'latin1'))).to.throw('no valid UTF-8');
  });
});

describe('a call that is refused', () => {
  for (const [inside, words] of VALUES) {
    it(`says of <value>${inside.slice(0, 70)}</value>: ${words}`, () => {
      const fault = faultOf(() => readValue(`<value>${inside}</value>`));
      expect(fault.message).to.include(words);
      expect(fault.message).to.match(/ at 1:\d+$/);
      expect(fault.code).to.equal(invalidXmlRpc);
    });
  }

  for (const [body, code, words] of DOCUMENTS) {
    if (code === 0) {
      it(`is not ${JSON.stringify(body.slice(0, 90))}`, () => {
        expect(readText(body).method).to.equal('m');
      });
    } else {
      it(`gets ${code} for ${JSON.stringify(body.slice(0, 90))}: ${words}`, () => {
        const fault = faultOf(() => readText(body));
        expect(fault.message).to.include(words);
        expect(fault.code).to.equal(code);
      });
    }
  }

  for (const [name, bytes] of [
    ['a byte that begins nothing', [0xff]],
    ['a byte that only continues', [0x80]],
    ['an overlong form', [0xc0, 0xaf]],
    ['a surrogate', [0xed, 0xa0, 0x80]],
    ['more than Unicode has', [0xf4, 0x90, 0x80, 0x80]],
    ['a character that is cut', [0xe2, 0x82, 0x3c]],
  ] as const) {
    it(`holds ${name} where UTF-8 is wanted`, () => {
      const [head = '', tail = ''] = callWith('<value>HERE</value>').split('HERE');
      const body = Buffer.concat([Buffer.from(head), Buffer.from(bytes), Buffer.from(tail)]);
      const fault = faultOf(() => readCall(body));
      expect([fault.code, fault.message]).to.deep.equal([invalidCharacter, 'the body is no valid UTF-8']);
    });
  }

  it('ends in the middle of a character', () => {
    const fault = faultOf(() => readCall(Buffer.from([0x3c, 0xf0, 0x9f])));
    expect(fault.code).to.equal(invalidCharacter);
  });

  it('is UTF-16', () => {
    const fault = faultOf(() => readCall(Buffer.from(`\ufeff${callWith('<value/>')}`, 'utf16le')));
    expect(fault.code).to.equal(invalidCharacter);
  });

  it('is told in which line and column', () => {
    const fault = faultOf(() =>
      readText('<methodCall>\n  <methodName>m</methodName>\n  <param/>\n</methodCall>'),
    );
    expect(fault.message).to.equal('expected <params> in <methodCall>, got <param> at 3:10');
  });

  it('is refused when it is cut off, wherever that is', () => {
    const whole = Buffer.from(callWith('<value>x😀&amp;<![CDATA[]]]]><![CDATA[>é]]></value><!-- é -->'));
    expect(readCall(whole).params).to.deep.equal(['x😀&]]>é']);
    for (let length = 0; length < whole.length; length += 1) {
      expect(faultOf(() => readCall(whole.subarray(0, length))).code, `${length} bytes`).to.be.below(0);
    }
  });

  it('is not quoted beyond measure', () => {
    const name = 'x'.repeat(100_000);
    for (const body of [
      `<${name}/>`,
      `<methodCall></${name}>`,
      callWith(`<value><i4>${name}</i4></value>`),
    ]) {
      expect(faultOf(() => readText(body)).message.length).to.be.below(250);
    }
  });
});
