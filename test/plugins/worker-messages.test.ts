import { expect } from 'chai';
import { createFrameReader, encodeFrame } from '../../src/plugins/worker-messages.js';

describe('frames', () => {
  const bytes = Buffer.concat([
    ...encodeFrame({ run: 1, name: 'größer ✓' }, Buffer.from([0, 255, 10])),
    ...encodeFrame({ kill: 2 }),
  ]);
  const frames = [
    { header: { run: 1, name: 'größer ✓' }, body: [0, 255, 10] },
    { header: { kill: 2 }, body: [] },
  ];

  it(`reads back what was written, at each of ${bytes.length - 1} splits`, () => {
    for (let cut = 1; cut < bytes.length; cut++) {
      const read = createFrameReader(1000);
      const found = [...read(bytes.subarray(0, cut)), ...read(bytes.subarray(cut))];
      expect(found.map(({ header, body }) => ({ header, body: [...body] }))).to.deep.equal(frames);
    }
  });

  it('reads them byte by byte', () => {
    const read = createFrameReader(1000);
    const found = Array.from(bytes, (_, at) => read(bytes.subarray(at, at + 1))).flat();
    expect(found.map(({ header, body }) => ({ header, body: [...body] }))).to.deep.equal(frames);
  });

  it('refuses a frame over the limit before it has come in, and one that is no JSON', () => {
    const read = createFrameReader(100);
    expect(() => read(Buffer.from([0, 0, 0, 1, 0, 0, 0, 100]))).to.throw(
      'a frame of 109 bytes, expected at most 100',
    );
    expect(() => createFrameReader(100)(Buffer.from([0, 0, 0, 1, 0, 0, 0, 0, 0x78]))).to.throw(SyntaxError);
  });
});
