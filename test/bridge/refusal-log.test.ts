import { expect } from 'chai';
import type { RequestEnd } from '../../src/bridge/http-exchange.js';
import { createRefusalLog } from '../../src/bridge/refusal-log.js';
import { createFakeTime } from '../inventory/fake-time.js';
import { memoryLog } from '../support/log.js';

const END: RequestEnd = {
  isDispatched: false,
  method: undefined,
  status: undefined,
  faultCode: undefined,
  reason: undefined,
  durationMs: 1,
  receivedBytes: 7,
};

describe('refusals in the log', () => {
  const cases: readonly (readonly [
    title: string,
    end: Partial<RequestEnd>,
    fields: Record<string, unknown>,
  ])[] = [
    ['a status', { status: 404, reason: 'no' }, { status: 404, reason: 'no', receivedBytes: 7 }],
    [
      'a fault, and a method of any name',
      { status: 200, faultCode: -32500, method: 'a\nb', reason: 'too many' },
      { method: String.raw`"a\nb"`, status: 200, code: -32500, reason: 'too many', receivedBytes: 7 },
    ],
    ['a request that was cut', {}, { reason: 'the request was cut before its end', receivedBytes: 7 }],
  ];
  for (const [title, end, fields] of cases) {
    it(`tell of ${title}`, () => {
      const log = memoryLog();
      createRefusalLog({ log })({ ...END, ...end });
      expect(log.lines).to.deep.equal([{ level: 'warn', event: 'request refused', fields }]);
    });
  }

  it('are none when the call was dispatched', () => {
    const log = memoryLog();
    createRefusalLog({ log })({ ...END, isDispatched: true, status: 200, faultCode: -32601 });
    expect(log.lines).to.deep.equal([]);
  });

  it('come at once and then at most one a second, with how many were left out: 1, then 5 - 1 = 4', async () => {
    const log = memoryLog();
    const time = createFakeTime();
    const refused = createRefusalLog({ log, clock: time.clock });
    const suppressed = () => log.lines.splice(0).map(({ fields }) => fields['suppressed']);
    refused(END);
    expect(suppressed()).to.deep.equal([undefined]);
    for (let times = 0; times < 3; times += 1) refused(END);
    await time.advance(999);
    refused(END);
    expect(suppressed()).to.deep.equal([]);
    await time.advance(1);
    refused(END);
    refused(END);
    expect(suppressed()).to.deep.equal([4]);
  });
});
