import { expect } from 'chai';
import {
  createCallReader,
  createCallScanner,
  MAX_REMEMBERED_BYTES,
  MAX_REMEMBERED_LISTS,
  MAX_SCANNED_BYTES,
  MAX_SCANNED_DEPTH,
} from '../../../src/bridge/xml-rpc/call-scanner.js';
import { EXTENSIONS_NAMESPACE } from '../../../src/bridge/xml-rpc/elements.js';
import { MAX_ELEMENTS, readCall } from '../../../src/bridge/xml-rpc/reader.js';
import { writeCall } from '../../../src/bridge/xml-rpc/writer.js';
import { hostId, vmId } from '../../support/world.js';
import { CLIENT_BODIES } from './client-bodies.js';
import { createRandom, mutate } from './mutation.js';
import { faultOf } from './reading.js';

const HOSTS = [1, 2, 3].map(hostId);

/** A call of runCostFunctions as the engine writes it. */
function bodyOf(hosts: readonly string[], properties = '<struct/>'): Buffer {
  const params = [array([array(['u', '<i4>1</i4>'])]), array(hosts), vmId(1), properties].map(
    (param) => `<param><value>${param}</value></param>`,
  );
  return Buffer.from(
    `<?xml version="1.0" encoding="UTF-8"?><methodCall xmlns:ex="${EXTENSIONS_NAMESPACE}"><methodName>runCostFunctions</methodName><params>${params.join('')}</params></methodCall>`,
  );
}

function array(items: readonly string[]): string {
  return `<array><data>${items.map((item) => `<value>${item}</value>`).join('')}</data></array>`;
}

const within = (value: string) =>
  Buffer.from(`<methodCall><methodName>m</methodName><params><param>${value}</param></params></methodCall>`);

describe('scanner of calls', () => {
  for (const { name, body, method, params } of CLIENT_BODIES.filter((client) =>
    client.name.includes('Apache'),
  )) {
    const isScanned = !name.startsWith('every type');
    it(`${isScanned ? 'scans' : 'leaves to the parser'}: ${name}`, () => {
      const call = createCallScanner()(Buffer.from(body));
      expect(call).to.deep.equal(isScanned ? { method, params } : undefined);
    });
  }

  it('scans what this package writes', () => {
    const params = [[['u', -1]], HOSTS, 'vm', new Map([['k', 'v']])];
    expect(createCallScanner()(Buffer.from(writeCall('m', params)))).to.deep.equal({ method: 'm', params });
  });

  const others: readonly (readonly [title: string, body: Buffer])[] = [
    ['white space between elements', within(' <value>a</value>')],
    ['a character beyond ASCII', within('<value>é</value>')],
    ['a reference', within('<value>&lt;</value>')],
    ['a > in a text, which may end CDATA', within('<value>]]></value>')],
    ['a comment', within('<value>a<!-- b --></value>')],
    ['CDATA', within('<value><![CDATA[a]]></value>')],
    ['an empty element', within('<value/>')],
    ['an attribute', within('<value a="b">a</value>')],
    ['an undeclared prefix', within('<value><ex:nil/></value>')],
    ['another namespace', Buffer.from(bodyOf(HOSTS).toString().replace('ws.apache', 'ws apache'))],
    ['a type of ten digits', within('<value><i4>4294967296</i4></value>')],
    [
      'a duplicate member',
      within(
        `<value><struct>${'<member><name>a</name><value>b</value></member>'.repeat(2)}</struct></value>`,
      ),
    ],
    ['a wrong end tag', within('<value><i4>1</int></value>')],
    ['something after the end', Buffer.concat([within('<value>a</value>'), Buffer.from('<a/>')])],
    ['no end', within('<value>a</value>').subarray(0, -1)],
    ['another encoding', Buffer.from(bodyOf(HOSTS).toString().replace('UTF-8', 'UTF-16'))],
  ];
  for (const [title, body] of others) {
    it(`leaves to the parser: ${title}`, () => {
      expect(createCallScanner()(body)).to.equal(undefined);
    });
  }

  it('gives the same array for a list of the same bytes', () => {
    const read = createCallReader();
    const first = read(bodyOf(HOSTS)).params[1];
    expect(first).to.deep.equal(HOSTS);
    expect(read(bodyOf(HOSTS, '<ex:nil/>')).params[1]).to.equal(first);
    expect(read(bodyOf(HOSTS.toReversed())).params[1]).to.deep.equal(HOSTS.toReversed());
    expect(read(bodyOf([...HOSTS, hostId(4)])).params[1]).to.deep.equal([...HOSTS, hostId(4)]);
    expect(read(bodyOf(HOSTS.slice(0, 2))).params[1]).to.deep.equal(HOSTS.slice(0, 2));
  });

  it('reads nothing into the bytes of a remembered list in another place than an array', () => {
    const read = createCallReader();
    const first = read(bodyOf(HOSTS)).params[1];
    const list = array(HOSTS);
    for (const value of [
      `<value><!-- ${list} -->a</value>`,
      `<value><![CDATA[${list}]]></value>`,
      `<value>${array([list])}</value>`,
    ]) {
      expect(read(within(value))).to.deep.equal(readCall(within(value)));
    }
    for (const value of [
      `<value>a${list}</value>`,
      `<value>${list}a</value>`,
      `<value>${list}${list}</value>`,
      `<array>${list}</value>`,
    ]) {
      expect(faultOf(() => read(within(value))).message).to.equal(
        faultOf(() => readCall(within(value))).message,
      );
    }
    expect(read(within(`<value>${list}</value>`)).params[0]).to.equal(first);
  });

  it(`remembers ${MAX_REMEMBERED_LISTS} lists`, () => {
    const read = createCallReader();
    const listOf = (host: number) => read(bodyOf([hostId(host)])).params[1];
    const first = listOf(0);
    for (let host = 1; host < MAX_REMEMBERED_LISTS; host++) listOf(host);
    expect(listOf(0)).to.equal(first);
    listOf(MAX_REMEMBERED_LISTS);
    expect(listOf(0)).not.to.equal(first);
  });

  // Each id takes 36 bytes and its value 15.
  const most = Math.floor((MAX_REMEMBERED_BYTES - '</data></array>'.length) / 51);
  for (const count of [most, most + 1]) {
    it(`${count === most ? 'remembers' : 'forgets'} a list of ${count} ids, ${51 * count + 15} of ${MAX_REMEMBERED_BYTES} bytes`, () => {
      const read = createCallReader();
      const body = bodyOf(Array.from({ length: count }, (_, host) => hostId(host)));
      const first = read(body).params[1];
      expect(first).to.have.lengthOf(count);
      expect(read(body).params[1] === first).to.equal(count === most);
    });
  }

  const nested = (depth: number) =>
    within(
      `<value>${'<array><data><value>'.repeat(depth)}a${'</value></data></array>'.repeat(depth)}</value>`,
    );
  it(`scans arrays in each other to a depth of ${MAX_SCANNED_DEPTH}`, () => {
    const scan = createCallScanner();
    expect(scan(nested(MAX_SCANNED_DEPTH))).to.deep.equal(readCall(nested(MAX_SCANNED_DEPTH)));
    expect(scan(nested(MAX_SCANNED_DEPTH + 1))).to.equal(undefined);
  });

  const ofBytes = (bytes: number) =>
    within(`<value>${'a'.repeat(bytes - within('<value></value>').length)}</value>`);
  it(`scans bodies of up to ${MAX_SCANNED_BYTES} bytes`, () => {
    const scan = createCallScanner();
    expect(scan(ofBytes(MAX_SCANNED_BYTES))?.method).to.equal('m');
    expect(scan(ofBytes(MAX_SCANNED_BYTES + 1))).to.equal(undefined);
  });

  // Two elements in 24 bytes, the shortest that there are, and three around them all.
  const smallest = (count: number) =>
    within(`<value><array><data>${'<value><struct/></value>'.repeat(count)}</data></array></value>`);
  it(`scans no body of more than ${MAX_ELEMENTS} elements: the shortest take 12 bytes each`, () => {
    expect(12 * MAX_ELEMENTS).to.be.above(MAX_SCANNED_BYTES);
    const body = smallest(MAX_ELEMENTS / 2);
    expect(createCallScanner()(body)).to.equal(undefined);
    expect(faultOf(() => createCallReader()(body)).message).to.include('elements');
  }).timeout(20_000);

  it('reads 2,000 mutated calls of an engine like the parser, with its list in mind, and scans some', () => {
    const scan = createCallScanner();
    const whole = bodyOf(HOSTS);
    let scanned = 0;
    for (let seed = 0; seed < 2000; seed++) {
      scan(whole);
      const body = mutate([whole, bodyOf(HOSTS.toReversed())], createRandom(seed));
      const call = scan(body);
      if (call === undefined) continue;
      scanned += 1;
      expect(call).to.deep.equal(readCall(body));
    }
    expect(scanned).to.be.above(50);
  });
});
