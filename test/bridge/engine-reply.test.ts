import { expect } from 'chai';
import type { AskedHosts } from '../../src/bridge/asked-hosts.js';
import { costsOf } from '../../src/engine-model/costs.js';
import {
  createEngineReply,
  hostList,
  migrationPair,
  sumRows,
  unitRows,
} from '../../src/bridge/engine-reply.js';
import { oneLine } from '../../src/lib/text.js';
import { hostId, vmId } from '../support/world.js';
import { plain, reply } from './stage.js';

const engineReply = createEngineReply({ maxMessages: 100, maxMessageLength: 500 });

const [H1, H2, H3] = [hostId(1), hostId(2), hostId(3)] as const;

const asked = (...texts: readonly string[]): AskedHosts => {
  const ids = texts.map((text) => text.toLowerCase());
  return {
    ids,
    texts,
    placeOf: (id) => (ids.includes(id) ? ids.indexOf(id) : undefined),
  };
};

const costs = (...values: readonly number[]) =>
  costsOf({ values, direction: 'LOWER_IS_BETTER', mode: 'raw', places: values.map((_, place) => place) });

const failed = (unit: string, message = 'why') => ({ unit, failure: { code: 'INTERNAL' as const, message } });

describe('engine reply', () => {
  it('has result_code 0 and both error members when nothing failed', () => {
    expect(plain(engineReply([H1], []))).to.deep.equal(reply([H1]));
  });

  it('has result_code 1 for a failed unit, and for an error alone', () => {
    expect(plain(engineReply([], [failed('u')]))).to.deep.equal(reply([], { u: 'why' }));
    expect(plain(engineReply([], [], ['bad']))).to.deep.equal(reply([], {}, ['bad']));
  });

  it('tells of 100 failed units, and how many more there are: 103 - 100 = 3', () => {
    const all = Array.from({ length: 103 }, (_, n) => failed(`u${n}`));
    const told = engineReply([], all);
    const errors = told.get('plugin_errors');
    expect(errors instanceof Map ? errors.size : 0).to.equal(100);
    expect(told.get('errors')).to.deep.equal(['3 more units failed']);
  });

  it('keeps messages on one line of up to 500 characters that XML can hold', () => {
    const messages = plain(
      engineReply([], [failed('u', `a\r\n\tb\u0000c\ud800d\u2028e\uffff`)], ['x'.repeat(501)]),
    );
    expect(messages).to.deep.equal(reply([], { u: 'a b c d e' }, [`${'x'.repeat(497)}...`]));
    expect(oneLine('x'.repeat(500), 500)).to.equal('x'.repeat(500));
    expect(oneLine('ok \u{1f600}', 500)).to.equal('ok \u{1f600}');
  });

  it("keeps the engine's own text of a host", () => {
    const hosts = asked(H2.toUpperCase(), H1);
    expect(unitRows('u', hosts, costs(5, 6))).to.deep.equal([
      [H2.toUpperCase(), 5, 'u'],
      [H1, 6, 'u'],
    ]);
    expect(sumRows(hosts, costs(5, 6))).to.deep.equal([
      [H2.toUpperCase(), 5],
      [H1, 6],
    ]);
    expect(hostList(hosts, (place) => place === 0)).to.deep.equal([H2.toUpperCase()]);
    expect(migrationPair(hosts, { vmId: vmId(1).toUpperCase(), candidateHostIds: [H1, H2] })).to.deep.equal([
      vmId(1),
      [H1, H2.toUpperCase()],
    ]);
  });

  it('has nothing to do as two elements', () => {
    expect(migrationPair(asked(), undefined)).to.deep.equal(['', []]);
  });

  const broken: readonly (readonly [text: string, make: () => unknown])[] = [
    ['expected 2 costs, one for each host, got 1', () => unitRows('u', asked(H1, H2), costs(1))],
    ['expected 1 costs, one for each host, got 2', () => sumRows(asked(H1), costs(1, 2))],
    ['host "web-1" is not the UUID that was asked about', () => unitRows('u', asked('web-1'), costs(1))],
    [
      `host "${H2}" is not the UUID that was asked about`,
      () => hostList({ ids: [H1], texts: [H2], placeOf: () => 0 }, () => true),
    ],
    [
      `host "${H1}" is not the UUID that was asked about`,
      () => hostList({ ids: [H1], texts: [], placeOf: () => 0 }, () => true),
    ],
    ['VM "" is no UUID', () => migrationPair(asked(H1), { vmId: '', candidateHostIds: [H1] })],
    [
      `host "${H3}" was not asked about`,
      () => migrationPair(asked(H1), { vmId: vmId(1), candidateHostIds: [H1, H3] }),
    ],
    [
      `VM ${vmId(1)} has no host to go to`,
      () => migrationPair(asked(H1), { vmId: vmId(1), candidateHostIds: [] }),
    ],
    [
      `VM ${vmId(1)} may go to one host twice`,
      () => migrationPair(asked(H1), { vmId: vmId(1), candidateHostIds: [H1, H1] }),
    ],
  ];
  for (const [text, make] of broken) {
    it(`refuses: ${text}`, () => {
      expect(make)
        .to.throw(`the service's answer breaks the contract: ${text}`)
        .with.property('code', 'INTERNAL');
    });
  }
});
