import { expect } from 'chai';
import { PassThrough } from 'node:stream';
import { createLog, type LogOptions } from '../../src/process/log.js';
import { REPORT_INTERVAL_MS } from '../../src/process/log-throttle.js';
import { createFakeTime } from '../inventory/fake-time.js';

function capture(options: Omit<LogOptions, 'stream'>) {
  const stream = new PassThrough();
  const log = createLog({ ...options, stream });
  return { log, text: () => String(stream.read() ?? '') };
}

describe('log', () => {
  it('writes one JSON object a line', () => {
    const { log, text } = capture({ level: 'info', format: 'json' });
    log.info('call answered', { requestId: 'r-1', hosts: 3 });
    const line: unknown = JSON.parse(text());
    expect(line).to.deep.include({ level: 'info', message: 'call answered', requestId: 'r-1', hosts: 3 });
    expect(line)
      .to.have.property('timestamp')
      .that.matches(/^\d{4}-\d\d-\d\dT/);
  });

  it('writes one line of text, quoting what holds spaces, leaving out what is undefined', () => {
    const { log, text } = capture({ level: 'info', format: 'text' });
    log.warn('unit failed', { unit: 'a', reason: 'two words', n: 0, gone: undefined });
    expect(text()).to.match(/^\S+ warn {2}unit failed unit=a reason="two words" n=0\n$/);
  });

  it('keeps a line break inside one line', () => {
    const { log, text } = capture({ level: 'info', format: 'text' });
    log.error('x', { stack: 'a\nb' });
    expect(text().split('\n')).to.have.length(2);
  });

  for (const format of ['text', 'json'] as const) {
    it(`writes what a terminal obeys as escapes, as ${format}`, () => {
      const { log, text } = capture({ level: 'info', format });
      const reason = 'a\u001b[31mb\u009b31mc\u007fd\u2028e\u202ef\r\ng';
      log.warn('unit failed', { reason });
      const line = text();
      expect(line).to.match(/^[ -~]+\n$/);
      const [json = ''] = format === 'json' ? [line] : (/(?<=reason=).*/.exec(line) ?? []);
      const read: unknown = JSON.parse(json);
      expect(format === 'json' ? read : { reason: read }).to.include({ reason });
    });
  }

  for (const [level, expected] of [
    ['info', ['failed n=1', 'failed n=3 times=2 lastAt=2100-01-01T00:00:00.000Z']],
    [
      'debug',
      ['failed n=1', 'failed n=2', 'failed n=3', 'failed n=3 times=2 lastAt=2100-01-01T00:00:00.000Z'],
    ],
    ['error', []],
  ] as const) {
    it(`writes ${expected.length} lines at level ${level} of three about one thing`, async () => {
      const time = createFakeTime(Date.UTC(2100, 0));
      const { log, text } = capture({ level, format: 'text', ...time });
      for (const n of [1, 2, 3]) log.warn('failed', () => ({ n }), 'a thing');
      await time.advance(REPORT_INTERVAL_MS);
      const written = text().match(/failed .*/g) ?? [];
      expect(written).to.deep.equal(expected);
    });
  }

  for (const [level, expected] of [
    ['error', ['error']],
    ['warn', ['error', 'warn']],
    ['info', ['error', 'warn', 'info']],
    ['debug', ['error', 'warn', 'info', 'debug']],
  ] as const) {
    it(`writes ${expected.join(', ')} at level ${level}`, () => {
      const { log, text } = capture({ level, format: 'text' });
      log.error('x');
      log.warn('x');
      log.info('x');
      log.debug('x');
      const written = text()
        .trim()
        .split('\n')
        .map((line) => line.split(' ')[1]);
      expect(written).to.deep.equal(expected);
    });
  }
});
