import { expect } from 'chai';
import { createLifecycle } from '../../src/process/lifecycle.js';
import { memoryLog } from '../support/log.js';

describe('lifecycle', () => {
  it('stops what was started in reverse order, each part once', async () => {
    const stopped: string[] = [];
    const lifecycle = createLifecycle({ log: memoryLog(), stepTimeoutMs: 1000 });
    for (const name of ['inventory', 'server', 'ops']) lifecycle.onStop(name, () => void stopped.push(name));
    await Promise.all([lifecycle.stop(), lifecycle.stop()]);
    await lifecycle.stop();
    expect(stopped).to.deep.equal(['ops', 'server', 'inventory']);
  });

  it('names a part that fails or hangs, and stops the others all the same', async () => {
    const log = memoryLog();
    let stopped = false;
    const lifecycle = createLifecycle({ log, stepTimeoutMs: 5 });
    lifecycle.onStop('first', () => void (stopped = true));
    lifecycle.onStop('hanging', () => new Promise(() => undefined));
    lifecycle.onStop('failing', () => Promise.reject(new Error('no')));
    lifecycle.onStop('throwing', () => {
      throw new Error('at once');
    });
    await lifecycle.stop();
    expect(stopped).to.equal(true);
    expect(log.lines.map(({ event, fields }) => [event, fields['part']])).to.deep.equal([
      ['stop failed', 'throwing'],
      ['stop failed', 'failing'],
      ['stop timed out', 'hanging'],
    ]);
  });
});
