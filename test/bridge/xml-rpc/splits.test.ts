import { expect } from 'chai';
import { createCallReader } from '../../../src/bridge/xml-rpc/call-reader.js';
import { faultOf, readCall } from './reading.js';

const DOCUMENT = Buffer.from(
  `\ufeff<?xml version="1.0" encoding="UTF-8"?>\r\n<methodCall xmlns:e='http://ws.apache.org/xmlrpc/namespaces/extensions'>\r\n` +
    `<methodName>a.b</methodName><!-- é 😀 -- ><params><param>\r\n<value>x😀&amp;&#x1F600;<![CDATA[]]]]><![CDATA[>é]]>\r\ry</value>\r` +
    '</param><param><value><e:nil /></value ></param><param><value><struct><member><name>ü</name><value><i4>-1</i4></value>' +
    '</member></struct></value></param></params></methodCall>\r\n',
);

/** Without the comment that is no comment, all is well. */
const GOOD = Buffer.from(DOCUMENT.toString().replace('-- >', '-->'));

const PARAMS = ['x😀&😀]]>é\n\ny', null, new Map([['ü', -1]])];

describe('a document in pieces', () => {
  it(`is read the same for each of the ${GOOD.length - 1} places where it may be cut in two`, () => {
    for (let cut = 1; cut < GOOD.length; cut += 1) {
      expect(readCall(GOOD, {}, [cut]), `cut at ${cut}`).to.deep.equal({ method: 'a.b', params: PARAMS });
    }
  });

  it('is read the same byte by byte, with empty pieces between them', () => {
    const reader = createCallReader();
    for (const byte of GOOD) {
      reader.write(Uint8Array.of(byte));
      reader.write(new Uint8Array(0));
    }
    expect(reader.end().params).to.deep.equal(PARAMS);
  });

  it('is refused the same wherever it is cut', () => {
    const whole = faultOf(() => readCall(DOCUMENT));
    expect(whole.message).to.include('malformed comment');
    for (let cut = 1; cut < DOCUMENT.length; cut += 1) {
      const { code, message } = faultOf(() => readCall(DOCUMENT, {}, [cut]));
      expect([code, message], `cut at ${cut}`).to.deep.equal([whole.code, whole.message]);
    }
  });

  it('is refused when it is cut off, wherever that is', () => {
    const end = GOOD.lastIndexOf('>') + 1;
    for (let length = 0; length < end; length += 1) {
      expect(faultOf(() => readCall(GOOD.subarray(0, length))).code, `${length} bytes`).to.be.below(0);
    }
    expect(readCall(GOOD.subarray(0, end)).params).to.deep.equal(PARAMS);
  });

  it('may be written over once it was taken', () => {
    const reader = createCallReader();
    const piece = Buffer.alloc(3);
    for (let start = 0; start < GOOD.length; start += piece.length) {
      const bytes = GOOD.copy(piece, 0, start);
      reader.write(piece.subarray(0, bytes));
      piece.fill(0);
    }
    expect(reader.end().params).to.deep.equal(PARAMS);
  });
});
