import { expect } from 'chai';
import { createRequestReader, MAX_REMEMBERED_IDS } from '../../../src/rpc/message/read-request.js';
import { policyUnitMethods } from '../../../src/rpc/proto.js';
import { hostId } from '../../support/world.js';

const { requestSerialize, requestDeserialize } = policyUnitMethods.BalanceHosts;

describe('the lists of hosts that a server remembers', () => {
  function reading() {
    const reader = createRequestReader(MAX_REMEMBERED_IDS + 1);
    const decode = reader.decoder(requestDeserialize);
    return (ids: readonly string[]) =>
      reader.balanceHosts(decode(requestSerialize({ unit: 'u', host_ids: ids }))).hostIds;
  }

  /** That many ids from that one on. */
  const idsFrom = (first: number, count: number) =>
    Array.from({ length: count }, (_, n) => hostId(first + n));

  it('gives the same array for the same list, decoded or not, and another for another list', () => {
    const read = reading();
    const first = read(idsFrom(0, 3));
    expect(first).to.deep.equal(idsFrom(0, 3));
    for (const time of [2, 3, 4]) expect(read(idsFrom(0, 3)), `time ${time}`).to.equal(first);
    const longer = read(idsFrom(0, 4));
    expect(longer).to.deep.equal(idsFrom(0, 4));
    expect(read(idsFrom(0, 3))).to.deep.equal(idsFrom(0, 3));
  });

  it('gives ids in lower case for those that come in upper case, each time', () => {
    const read = reading();
    const upper = [hostId(10).toUpperCase(), hostId(11).toUpperCase()];
    for (const time of [1, 2, 3]) expect(read(upper), `time ${time}`).to.deep.equal(idsFrom(10, 2));
    for (const time of [1, 2, 3]) expect(read(idsFrom(10, 2)), `time ${time}`).to.deep.equal(idsFrom(10, 2));
  });

  it('refuses an id that is none in a list that begins like a remembered one', () => {
    const read = reading();
    for (const ids of Array.from({ length: 3 }, () => idsFrom(0, 2))) read(ids);
    expect(() => read([...idsFrom(0, 2), 'x'])).to.throw('host_ids[2]: expected a UUID, got "x"');
  });

  it('remembers 40,000 ids, 4 lists of 10,000, and for one more id forgets the list that was not asked for the longest', () => {
    expect(MAX_REMEMBERED_IDS).to.equal(40_000);
    const read = reading();
    const lists = [0, 1, 2, 3].map((n) => idsFrom(n * 10_000, 10_000));
    const arrays = lists.map(read);
    const areSame = (order: readonly number[]) => order.map((n) => read(lists[n] ?? []) === arrays[n]);
    expect(areSame([0, 1, 2, 3])).to.deep.equal([true, true, true, true]);
    read(idsFrom(50_000, 1));
    expect(areSame([3, 2, 1, 0])).to.deep.equal([true, true, true, false]);
  });

  it('remembers 16 lists, and for one more forgets the one that was not asked for the longest', () => {
    const read = reading();
    const arrays = Array.from({ length: 16 }, (_, n) => read(idsFrom(n, 2)));
    const known = () => arrays.filter((array, n) => read(idsFrom(n, 2)) === array).length;
    expect(known()).to.equal(16);
    read(idsFrom(16, 2));
    expect(read(idsFrom(15, 2)) === arrays[15]).to.equal(true);
    expect(read(idsFrom(0, 2)) === arrays[0]).to.equal(false);
  });

  it('remembers a list of 40,000 ids, and none of 40,001, for which it forgets nothing', () => {
    const read = reading();
    const [most, over] = [idsFrom(0, MAX_REMEMBERED_IDS), idsFrom(50_000, MAX_REMEMBERED_IDS + 1)];
    const first = read(most);
    expect(read(over) === read(over)).to.equal(false);
    expect(read(most) === first).to.equal(true);
  });
});
