/** Random numbers that a seed repeats. */
export interface Random {
  /** An integer of 0 or more, below that. */
  readonly below: (end: number) => number;
  readonly pick: <Item>(items: readonly [Item, ...Item[]]) => Item;
}

/** Creates a generator (mulberry32). */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (end: number) => Math.floor(next() * end);
  return { below, pick: (items) => items[below(items.length)] ?? items[0] };
}

type Mutation = (body: Buffer, random: Random, bodies: readonly [Buffer, ...Buffer[]]) => Buffer;

const TAGS = [
  ...['methodCall', 'methodName', 'methodResponse', 'params', 'param', 'value', 'array', 'data', 'struct'],
  ...[
    'member',
    'name',
    'fault',
    'int',
    'i4',
    'i8',
    'boolean',
    'string',
    'double',
    'dateTime.iso8601',
    'base64',
  ],
  ...['nil', 'ex:nil', 'ex:i8', 'ex:dom', 'x:y', 'VALUE', '__proto__'],
] as const;

const PIECES = [
  ...[
    '&',
    '&amp;',
    '&lol;',
    '&#0;',
    '&#x10FFFF;',
    '&#99999999999999999999;',
    '&;',
    '&#',
    '<',
    '>',
    ']]>',
    '"',
    "'",
    '/',
  ],
  ...[
    '<![CDATA[',
    '<![CDATA[]]>',
    ']]',
    '<!--',
    '-->',
    '--',
    '<!-- x -->',
    '<?xml version="1.0"?>',
    '<?x y?>',
    '?>',
  ],
  ...[
    '<!DOCTYPE a [<!ENTITY a "b">]>',
    '<!DOCTYPE',
    '<!ELEMENT',
    ' xmlns="x"',
    ' xmlns:ex=""',
    ' a="b"',
    ' a',
  ],
  ...[
    '\0',
    '\r',
    '\r\n',
    '\t',
    '\u001b',
    '\ufeff',
    '\ufffe',
    '\u2028',
    '😀',
    'é',
    '-0',
    '1e999',
    'NaN',
    '0x10',
    ' ',
  ],
  ...[
    '9'.repeat(400),
    'x'.repeat(5000),
    '\u0300'.repeat(100),
    '</value>',
    '<value>',
    '<value/>',
    '</',
    '<value',
  ],
] as const;

/** What changes no value when it stands between two tags. */
const HARMLESS = [' ', '\r\n', '<!-- x -->', ' <!----> '] as const;

const BYTES = [
  0x00, 0x7f, 0x80, 0xbf, 0xc0, 0xe2, 0xed, 0xf0, 0xf4, 0xfe, 0xff, 0x0d, 0x26, 0x3c, 0x3e, 0x5d,
] as const;

const MUTATIONS: readonly [Mutation, ...Mutation[]] = [
  function flip(body, { below }) {
    const flipped = Buffer.from(body);
    const at = below(flipped.length);
    flipped[at] = (flipped[at] ?? 0) ^ (1 << below(8));
    return flipped;
  },
  function setByte(body, { below, pick }) {
    const changed = Buffer.from(body);
    changed[below(changed.length)] = pick(BYTES);
    return changed;
  },
  function cutOff(body, { below }) {
    return body.subarray(0, below(body.length));
  },
  function cutOut(body, { below }) {
    const start = below(body.length);
    return Buffer.concat([body.subarray(0, start), body.subarray(start + below(40))]);
  },
  function duplicate(body, { below }) {
    const start = below(body.length);
    const end = start + below(body.length - start);
    return Buffer.concat([body.subarray(0, end), body.subarray(start)]);
  },
  function splice(body, { below, pick }, bodies) {
    const other = pick(bodies);
    return Buffer.concat([body.subarray(0, below(body.length)), other.subarray(below(other.length))]);
  },
  function swapTag(body, { below, pick }) {
    const text = body.toString('latin1');
    const tags = [...text.matchAll(/<\/?([\w.:]+)/g)];
    const tag = tags[below(tags.length)];
    if (tag?.[1] === undefined) return body;
    const start = tag.index + tag[0].length - tag[1].length;
    return Buffer.from(text.slice(0, start) + pick(TAGS) + text.slice(start + tag[1].length), 'latin1');
  },
  function renameElement(body, { below, pick }) {
    const text = body.toString('latin1');
    const elements = [...text.matchAll(/<([\w.:]+)>([^<]*)<\/\1>/g)];
    const element = elements[below(elements.length)];
    if (element === undefined) return body;
    const name = pick(TAGS);
    const renamed = `<${name}>${element[2] ?? ''}</${name}>`;
    const end = element.index + element[0].length;
    return Buffer.from(text.slice(0, element.index) + renamed + text.slice(end), 'latin1');
  },
  function insert(body, { below, pick }) {
    const at = below(body.length + 1);
    return Buffer.concat([body.subarray(0, at), Buffer.from(pick(PIECES)), body.subarray(at)]);
  },
  function insertHarmless(body, { below, pick }) {
    const at = body.indexOf('>', below(body.length)) + 1;
    return Buffer.concat([body.subarray(0, at), Buffer.from(pick(HARMLESS)), body.subarray(at)]);
  },
  function flood(body, { below, pick }) {
    const at = below(body.length + 1);
    return Buffer.concat([
      body.subarray(0, at),
      Buffer.from(pick(PIECES).repeat(below(200))),
      body.subarray(at),
    ]);
  },
  function nest(body, { below, pick }) {
    const at = body.indexOf('<value>') + below(2) * 7;
    const count = 1 + below(100);
    const [open, close] = pick<readonly [string, string]>([
      ['<value><array><data>', '</data></array></value>'],
      ['<value><struct><member><name>a</name>', '</member></struct></value>'],
      ['<value>', '</value>'],
    ]);
    const end = below(3) === 0 ? body.length : body.indexOf('</value>', at) + 8;
    return Buffer.concat([
      ...[body.subarray(0, at), Buffer.from(open.repeat(count)), body.subarray(at, end)],
      ...[Buffer.from(close.repeat(below(4) === 0 ? below(count) : count)), body.subarray(end)],
    ]);
  },
  function replaceNumber(body, { pick }) {
    const numbers = [
      '2147483648',
      '-2147483649',
      '9'.repeat(1000),
      '1e5',
      '',
      '+',
      '٣',
      '0'.repeat(30),
      '-0',
    ] as const;
    return Buffer.from(body.toString('latin1').replace(/>-?\d+</, `>${pick(numbers)}<`), 'latin1');
  },
];

/** A body with a change, or, every second time, with up to four. */
export function mutate(bodies: readonly [Buffer, ...Buffer[]], random: Random): Buffer {
  let body = random.pick(bodies);
  for (let left = 1 + random.below(2) * random.below(4); left > 0 && body.length > 0; left -= 1) {
    body = random.pick(MUTATIONS)(body, random, bodies);
  }
  return body;
}
