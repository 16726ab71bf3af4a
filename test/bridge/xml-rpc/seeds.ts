import { XmlRpcFault } from '../../../src/bridge/xml-rpc/fault.js';
import type { XmlRpcValue } from '../../../src/engine-model/value.js';
import { writeCall, writeFault, writeResponse } from '../../../src/bridge/xml-rpc/writer.js';
import { CLIENT_BODIES } from './client-bodies.js';

const EVERY_TYPE: XmlRpcValue = new Map<string, XmlRpcValue>([
  ['numbers', [0, -1, 2_147_483_647, 5n, { kind: 'double', value: -1.5 }]],
  ['texts', ['', ' é😀\r\n\t', '<&>]]>', { kind: 'dateTime', text: '19980717T14:08:55' }]],
  ['others', [true, null, Uint8Array.of(0, 1, 255), [], new Map()]],
]);

/** How many elements of one kind a huge body has: more than a call in JavaScript takes arguments, and in the default limits. */
const HUGE = 150_000;

const numbered = (count: number, text: (n: number) => string) =>
  Array.from({ length: count }, (_, n) => text(n)).join('');
const within = (params: string) =>
  Buffer.from(`<methodCall><methodName>m</methodName><params>${params}</params></methodCall>`);

/** A call with that many parameters. */
export function manyParams(count: number): Buffer {
  return within('<param><value/></param>'.repeat(count));
}

/** A call with an array of that many items. */
export function manyItems(count: number): Buffer {
  return within(`<param><value><array><data>${'<value/>'.repeat(count)}</data></array></value></param>`);
}

/** A call with a struct of that many members. */
export function manyMembers(count: number): Buffer {
  const members = numbered(count, (n) => `<member><name>${n.toString(36)}</name><value/></member>`);
  return within(`<param><value><struct>${members}</struct></value></param>`);
}

/** Valid bodies of calls that are as big as the limits allow; each takes about a second, so that few are fuzzed. */
export const HUGE_BODIES: readonly [Buffer, ...Buffer[]] = [
  manyParams(HUGE),
  manyItems(HUGE),
  manyMembers(HUGE),
];

/** Valid bodies of calls and answers, from which those of a fuzzing are made. */
export const SEED_BODIES: readonly [Buffer, ...Buffer[]] = [
  Buffer.from(writeCall('m', [EVERY_TYPE])),
  ...CLIENT_BODIES.map(({ body }) => Buffer.from(body)),
  Buffer.from(
    `\ufeff<!-- a --><methodCall><methodName>m</methodName><params><param><value>a<![CDATA[<b>]]>&#x1F600;</value></param></params></methodCall>`,
  ),
  Buffer.from(
    writeCall('runCostFunctions', [
      [['unit', 1]],
      Array.from({ length: 200 }, (_, n) => `host ${n}`),
      'vm',
      null,
    ]),
  ),
  Buffer.from(writeResponse(EVERY_TYPE)),
  Buffer.from(writeFault(new XmlRpcFault(-32602, 'no'))),
];
