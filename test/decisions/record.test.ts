import { expect } from 'chai';
import fc from 'fast-check';
import { createDecisionIds, timeOfDecisionId } from '../../src/decisions/decision-id.js';
import {
  createHostDictionary,
  MAX_HOSTS,
  MAX_LISTS,
  type HostDictionary,
} from '../../src/decisions/host-dictionary.js';
import {
  decisionOf,
  encode,
  endOf,
  framed,
  mostBytesOf,
  parseLine,
  writeFramed,
} from '../../src/decisions/record.js';
import { entryOfLine } from '../../src/decisions/segment.js';
import type { DecidedHost, DecidedReason, Decision } from '../../src/domain/decision.js';
import { decisionAt, hostsNamed, plain, scoreUnit, uuid } from './sample.js';

const NOW = Date.parse('2026-01-02T03:04:05.678Z');

/** Encodes a decision. Returns its line and those before it. */
function linesOf(decision: Decision, dictionary: HostDictionary): readonly string[] {
  const lines: string[] = [];
  const unwritten = encode({ kind: 'decision', decision });
  const end = endOf(unwritten, dictionary, (record) => lines.push(framed(record)));
  const parts = { json: unwritten.json, end };
  const buffer = Buffer.allocUnsafe(mostBytesOf(parts));
  return [...lines, buffer.toString('utf8', 0, writeFramed(parts, buffer, 0))];
}

/** Reads lines as a segment is read. */
function read(lines: readonly string[]): Decision | undefined {
  const dictionary = createHostDictionary();
  for (const line of lines) {
    const record = parseLine(line.trimEnd());
    if (record?.kind === 'hosts' || record?.kind === 'list') dictionary.add(record);
    if (record?.kind === 'decision') return decisionOf(record, dictionary);
  }
  return undefined;
}

describe('records of decisions', () => {
  describe('size', () => {
    const reason = (unit: string, { id }: DecidedHost): DecidedReason => ({
      ...{ unit, hostId: id },
      text: '12 of 40 VMs run rhel_9x64, 30 % of the memory is free, 3 migrations are under way',
    });
    /** As an engine asks, with the words of three units for the winner and the runner-up. */
    function sizeAt(hosts: number, values: (host: number, unit: number) => number): number {
      const all = hostsNamed(hosts);
      const dictionary = createHostDictionary();
      linesOf(decisionAt(NOW, { hosts: all }), dictionary);
      const units = ['same_os_share', 'free_memory', 'few_migrations'].map((name, unit) => ({
        ...scoreUnit(name, hosts),
        values: all.map((_, host) => values(host, unit)),
      }));
      const decision = decisionAt(NOW + 1, {
        requestId: 'engine-6f1c2a9e-2f0b-4f7e-9d57-1b2c3d4e5f60',
        policy: 'production',
        properties: new Map([['same_os_weight', '100']]),
        ...{ hosts: all, units, selector: 'rank', rawScores: false },
        reasons: units.flatMap(({ name }) => all.slice(0, 2).map((host) => reason(name, host))),
      });
      return linesOf(decision, dictionary).join('').length;
    }
    const score = (host: number, unit: number) => (host * 7 + unit) % 101;

    it('1,000 hosts, 3 units: 3 x 1,000 bytes in base64 = 4,000, and the rest: 6 KB at most', () => {
      expect(3 * Math.ceil(1000 / 3) * 4).to.equal(4008);
      expect(sizeAt(1000, score)).to.be.within(5000, 6000);
    });

    it('10 hosts, 3 units: 3 x 16 bytes, and the rest: 2 KB at most', () => {
      expect(sizeAt(10, score)).to.be.within(1000, 2000);
    });

    it('raw costs beyond a byte take four: 3 x 4,000 bytes in base64 = 16,000', () => {
      const more = sizeAt(1000, (host) => 256 + host) - sizeAt(1000, score);
      expect(more).to.be.within(3 * (5336 - 1336) - 30, 3 * (5336 - 1336) + 30);
    });

    it('a filter of 1,000 hosts takes 125 bytes: 168 in base64', () => {
      const hosts = hostsNamed(1000);
      const dictionary = createHostDictionary();
      const sizeOf = (units: Decision['units']) =>
        linesOf(decisionAt(NOW, { hosts, units }), dictionary).at(-1)?.length ?? 0;
      sizeOf([]);
      const unit = { name: 'f', weight: 1, accepted: new Uint8Array(1000).fill(1) };
      expect(sizeOf([unit]) - sizeOf([])).to.equal(JSON.stringify({ ...unit, accepted: '' }).length + 168);
    });

    it('candidates that are part of a known list take a bit a host of it; a known list, its number', () => {
      const hosts = hostsNamed(1000);
      const dictionary = createHostDictionary();
      const first = linesOf(decisionAt(NOW, { hosts, units: [] }), dictionary);
      expect(first.length).to.equal(3);
      const line = (some: readonly DecidedHost[]) =>
        linesOf(decisionAt(NOW, { hosts: some, units: [] }), dictionary);
      expect(line([...hosts]))
        .to.have.length(1)
        .and.match(/"hosts":\{"list":0\}/);
      const [part = ''] = line(hosts.filter((_, n) => n % 3 === 0));
      expect(/"hosts":\{"list":0,"of":"([^"]*)"\}/.exec(part)?.[1]?.length).to.equal(168);
    });
  });

  describe('hosts', () => {
    const encodeHosts = (dictionary: HostDictionary, hosts: readonly DecidedHost[]) => {
      const emitted: string[] = [];
      const stored = dictionary.encode(hosts, (record) => emitted.push(record.kind));
      expect(dictionary.decode(stored)).to.deep.equal(hosts);
      return { stored, emitted };
    };

    it('are stored once, and anew where a host got another name', () => {
      const dictionary = createHostDictionary();
      const [a, b] = [
        { id: uuid(1), name: 'a' },
        { id: uuid(2), name: undefined },
      ];
      expect(encodeHosts(dictionary, [a, b]).emitted).to.deep.equal(['hosts', 'list']);
      expect(encodeHosts(dictionary, [b]).emitted).to.deep.equal([]);
      expect(encodeHosts(dictionary, [{ id: uuid(1), name: 'renamed' }, b]).emitted).to.deep.equal([
        'hosts',
        'list',
      ]);
      expect(encodeHosts(dictionary, [a, b]).emitted).to.deep.equal(['hosts', 'list']);
      expect(encodeHosts(dictionary, []).emitted).to.deep.equal([]);
    });

    it(`of ${MAX_LISTS} lists are stored once; of those beyond, with each decision`, () => {
      const dictionary = createHostDictionary();
      const hosts = hostsNamed(MAX_LISTS + 2);
      const pair = (n: number) => [hosts[n + 1], hosts[n]].filter((host) => host !== undefined);
      for (let n = 0; n < MAX_LISTS; n++)
        expect(encodeHosts(dictionary, pair(n)).stored).to.deep.equal({ list: n });
      expect(encodeHosts(dictionary, pair(MAX_LISTS)).stored).to.have.keys('order');
      expect(encodeHosts(dictionary, [...pair(3)]).stored).to.deep.equal({ list: 3 });
    });

    it(`are ${MAX_HOSTS} at most`, () => {
      const dictionary = createHostDictionary();
      encodeHosts(dictionary, hostsNamed(MAX_HOSTS - 1));
      expect([dictionary.hasRoomFor(1), dictionary.hasRoomFor(2)]).to.deep.equal([true, false]);
      const more = (count: number) => ({
        kind: 'hosts' as const,
        from: MAX_HOSTS - 1,
        hosts: hostsNamed(count).map(({ id }): [string] => [id]),
      });
      expect(() => dictionary.add(more(2))).to.throw(`more than ${MAX_HOSTS}`);
      dictionary.add(more(1));
    });

    it('of an array that was seen are not looked at again', () => {
      const dictionary = createHostDictionary();
      const hosts = hostsNamed(3);
      const { stored } = encodeHosts(dictionary, hosts);
      const watched = new Proxy(hosts, { get: () => expect.fail('was looked at') });
      dictionary.encode(hosts, () => expect.fail('emitted'));
      expect(dictionary.encode(hosts, () => undefined)).to.equal(stored);
      expect(() => dictionary.encode(watched, () => undefined)).to.throw('was looked at');
    });

    it('make the same dictionary again from its own lines', () => {
      fc.assert(
        fc.property(fc.array(fc.array(fc.nat(20), { maxLength: 12 }), { maxLength: 30 }), (lists) => {
          const [first, second] = [createHostDictionary(), createHostDictionary()];
          const all = lists.map((list) => [...new Set(list)].map((n) => ({ id: uuid(n), name: `h${n}` })));
          const stored = all.map((hosts) => encodeHosts(first, hosts).stored);
          for (const record of first.records()) second.add(record);
          expect(stored.map(second.decode)).to.deep.equal(all);
          expect(second.records()).to.deep.equal(first.records());
        }),
        { numRuns: 100 },
      );
    });
  });

  describe('ids', () => {
    it('begin with the face, hold the time, and sort by it, also within one millisecond', () => {
      const makeId = createDecisionIds();
      const ids = Array.from({ length: 5000 }, (_, n) => makeId('ENGINE', NOW + Math.floor(n / 1000)));
      expect(ids.toSorted()).to.deep.equal(ids);
      expect(new Set(ids).size).to.equal(5000);
      expect(ids.every((id) => /^e[0-9a-z]{14}$/.test(id))).to.equal(true);
      expect([timeOfDecisionId(ids[0] ?? ''), timeOfDecisionId(ids[4999] ?? '')]).to.deep.equal([
        NOW,
        NOW + 4,
      ]);
      expect(makeId('GRPC', NOW)[0]).to.equal('g');
      expect(makeId('GRPC', 2 ** 45 - 1).slice(0, 10)).to.equal('gzzzzzzzzz');
    });

    it('are told from any other text', () => {
      for (const text of [
        '',
        'e',
        'x00000000000000',
        'e0000000000000',
        'e000000000000000',
        'e0000000000000u',
      ])
        expect(timeOfDecisionId(text), text).to.equal(undefined);
    });
  });

  describe('any input', () => {
    const someText = fc.string({ unit: 'binary', maxLength: 20 });
    const decisions = fc
      .record({
        hosts: fc.uniqueArray(fc.record({ id: someText, name: fc.option(someText, { nil: undefined }) }), {
          selector: ({ id }) => id,
          maxLength: 20,
        }),
        requestId: someText,
        properties: fc.array(fc.tuple(someText, someText), { maxLength: 3 }).map((pairs) => new Map(pairs)),
        reasons: fc.array(fc.record({ unit: someText, hostId: someText, text: someText }), { maxLength: 3 }),
        vm: fc.option(fc.record({ id: someText, name: fc.option(someText, { nil: undefined }) }), {
          nil: undefined,
        }),
        seed: fc.infiniteStream(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })),
        span: fc.constantFrom(101, 256, 2 ** 31),
      })
      .map(({ seed, span, hosts, ...given }): Decision => {
        const next = () => (seed.next().value ?? 0) % span;
        return decisionAt(NOW, {
          ...given,
          hosts,
          units: [
            { name: 'a', weight: 1, direction: 'LOWER_IS_BETTER', values: hosts.map(next) },
            {
              name: 'b',
              weight: 0,
              direction: 'HIGHER_IS_BETTER',
              values: hosts.map(() => Math.abs(next())),
            },
            { name: 'c', weight: 1, accepted: Uint8Array.from(hosts, () => Math.abs(next()) % 2) },
          ],
        });
      });

    it('of decisions comes back as it was', () => {
      fc.assert(
        fc.property(decisions, (decision) => {
          expect(plain(read(linesOf(decision, createHostDictionary())))).to.deep.equal(plain(decision));
        }),
        { numRuns: 300 },
      );
    });

    it('of lines is refused or read, and never throws or hangs', () => {
      const lines = fc.oneof(
        decisions.map((decision) => linesOf(decision, createHostDictionary()).join('')),
        fc.anything().map((value) => framed({ kind: 'decision', id: 'x', decision: value })),
        fc.json().map((json) => framed(Object(JSON.parse(json)) as object)),
        fc.string({ unit: 'binary' }),
      );
      const edits = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 0xffff })), { maxLength: 4 });
      fc.assert(
        fc.property(lines, edits, fc.boolean(), (text, changes, isResealed) => {
          const characters = Array.from(text);
          for (const [at, code] of changes)
            characters[at % (characters.length || 1)] = String.fromCharCode(code);
          const dictionary = createHostDictionary();
          for (const line of characters.join('').split('\n')) {
            const changed = isResealed ? resealed(line) : line;
            const entry = entryOfLine(changed, dictionary);
            const record = parseLine(changed);
            if (entry === undefined || record?.kind !== 'decision') continue;
            try {
              decisionOf(record, dictionary);
            } catch (error) {
              expect(error).to.be.instanceOf(Error);
            }
          }
        }),
        { numRuns: 500 },
      );
    });
  });
});

/** Gives a line that was changed the checksum that it needs to be looked at, if it is JSON still. */
function resealed(line: string): string {
  try {
    const value: unknown = JSON.parse(line.slice(9));
    return typeof value === 'object' && value !== null ? framed(value).trimEnd() : line;
  } catch {
    return line;
  }
}
