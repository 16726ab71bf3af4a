import { experimental, Metadata, status } from '@grpc/grpc-js';
import { expect } from 'chai';
import { createPicker } from '../../src/rpc/least-request.js';
import { createFakeTime } from '../inventory/fake-time.js';

/** A call under way at a replica. */
interface Picked {
  readonly replica: string;
  readonly end: (code: status) => void;
}

function setUp(...replicas: readonly string[]) {
  const time = createFakeTime();
  // The picker tells connections apart, and calls none of their methods.
  const subchannels = replicas.map((replica) => ({ replica }) as unknown as experimental.SubchannelInterface);
  let turn = 0;
  const inTurn: experimental.Picker = {
    pick: () => ({
      pickResultType: experimental.PickResultType.COMPLETE,
      subchannel: subchannels[turn++ % subchannels.length] ?? null,
      ...{ status: null, onCallStarted: null, onCallEnded: null },
    }),
  };
  const picker = createPicker(inTurn, new WeakMap(), time.clock);

  function start(): Picked {
    const pick = picker.pick({ metadata: new Metadata(), extraPickInfo: {} });
    pick.onCallStarted?.();
    return {
      replica: replicas[subchannels.findIndex((subchannel) => subchannel === pick.subchannel)] ?? '',
      end: (code) => pick.onCallEnded?.(code, '', new Metadata()),
    };
  }
  return {
    time,
    start,
    /** Where calls go that end well, one after another. */
    calls: (count: number) =>
      Array.from({ length: count }, () => {
        const { replica, end } = start();
        end(status.OK);
        return replica;
      }).join(''),
  };
}

describe('the choice of a replica', () => {
  it('takes them in turn: 6 calls to A, B and C, one after another', () => {
    expect(setUp('A', 'B', 'C').calls(6)).to.equal('ABCABC');
  });

  it('shares calls under way: 30 of them among A, B and C -> 10 each', () => {
    const { start } = setUp('A', 'B', 'C');
    const started = Array.from({ length: 30 }, () => start().replica);
    for (const replica of 'ABC') expect(started.filter((one) => one === replica).length).to.equal(10);
  });

  it('passes over one with a call under way', () => {
    const { start, calls } = setUp('A', 'B', 'C');
    start();
    expect(calls(6)).not.to.include('A');
  });

  it('looks at three of four: the free D is in turn at first, and then the fourth', () => {
    const { start, calls } = setUp('A', 'B', 'C', 'D');
    for (let n = 0; n < 3; n += 1) start();
    expect(calls(1)).to.equal('D');
    expect(start().replica).to.equal('A');
  });

  it('asks the one whose failure is oldest when all three have failed: A, B, C, A, and then B', async () => {
    const { start, time } = setUp('A', 'B', 'C');
    const failed: string[] = [];
    for (let n = 0; n < 5; n += 1) {
      const { replica, end } = start();
      failed.push(replica);
      end(status.UNAVAILABLE);
      await time.advance(10);
    }
    expect(failed.join('')).to.equal('ABCAB');
  });

  it('takes one in turn again that was cancelled and has answered since', () => {
    const { start, calls } = setUp('A', 'B');
    const [first, second] = [start(), start()];
    first.end(status.CANCELLED);
    second.end(status.CANCELLED);
    const next = start();
    next.end(status.OK);
    expect(calls(2)).to.equal(next.replica.repeat(2));
    start().end(status.OK);
    expect(calls(4)).to.include(next.replica);
  });

  for (const [name, code] of Object.entries({
    UNAVAILABLE: status.UNAVAILABLE,
    DEADLINE_EXCEEDED: status.DEADLINE_EXCEEDED,
    CANCELLED: status.CANCELLED,
    INTERNAL: status.INTERNAL,
    RESOURCE_EXHAUSTED: status.RESOURCE_EXHAUSTED,
  })) {
    it(`passes over one that failed with ${name} for 5 s`, async () => {
      const { start, calls, time } = setUp('A', 'B', 'C');
      start().end(code);
      expect(calls(6)).not.to.include('A');
      await time.advance(4_999);
      expect(calls(6)).not.to.include('A');
      await time.advance(1);
      expect(calls(3)).to.include('A');
    });
  }

  for (const [name, code] of Object.entries({
    NOT_FOUND: status.NOT_FOUND,
    INVALID_ARGUMENT: status.INVALID_ARGUMENT,
    UNIMPLEMENTED: status.UNIMPLEMENTED,
  })) {
    it(`holds ${name} against nobody`, () => {
      const { start, calls } = setUp('A', 'B', 'C');
      start().end(code);
      expect(calls(6)).to.equal('BCABCA');
    });
  }

  it('rather takes a busy one than one that failed', () => {
    const { start, calls } = setUp('A', 'B');
    start().end(status.UNAVAILABLE);
    for (let n = 0; n < 5; n += 1) expect(start().replica).to.equal('B');
    expect(calls(3)).to.equal('BBB');
  });

  it('takes the one that failed when there is no other', () => {
    const { start, calls } = setUp('A');
    start().end(status.UNAVAILABLE);
    expect(calls(3)).to.equal('AAA');
  });
});
