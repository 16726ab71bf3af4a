import { expect } from 'chai';
import { PassThrough } from 'node:stream';
import { runProgram } from '../../src/commands/program.js';
import { createWorld } from '../../src/simulator/world.js';
import { startScoring, type Scoring } from '../support/scoring.js';
import { hostId, vmId } from '../support/world.js';

/** 22 hosts, one of which has the VM. */
const world = createWorld({
  hosts: Array.from({ length: 22 }, (_, n) => ({ id: hostId(n + 1), name: `host-${n + 1}` })),
  vms: [{ id: vmId(1), hostId: hostId(1), name: 'web-1', osType: 'rhel_9x64' }],
});

describe('output on a terminal', () => {
  let scoring: Scoring;
  before(async () => {
    scoring = await startScoring(world);
  });
  after(() => scoring.close());

  async function shown(args: readonly string[], terminal: object): Promise<string> {
    const stdout = Object.assign(new PassThrough(), terminal);
    let text = '';
    stdout.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    const { signal } = new AbortController();
    await runProgram([...args, '--server', scoring.address], {
      ...{ stdout, stderr: new PassThrough(), variables: {}, signal },
    });
    return text;
  }

  const score = ['score', '--vm', 'web-1', '--unit', 'ksm_same_os_score'];

  it('has colors and the best 20 of 22 hosts', async () => {
    const text = await shown(score, { isTTY: true, hasColors: () => true });
    expect(text.replaceAll('\u001b', 'ESC')).to.match(/^ESC\[2mrank .*ESC\[22m\nESC\[1m +1 +100\/100 /);
    expect(text.match(/ host-\d+ /g)).to.have.length(20);
    expect(text).to.include('\n      2 more; --top 22 shows all\n');
  });

  it('has no colors when the terminal has none, or NO_COLOR is set', async () => {
    expect(await shown(score, { isTTY: true, hasColors: () => false })).to.not.include('\u001b');
  });

  it('has neither in a file: all 22 hosts, without colors', async () => {
    const text = await shown(score, {});
    expect(text).to.not.include('\u001b');
    expect(text.match(/ host-\d+ /g)).to.have.length(22);
  });

  it('has no colors in JSON', async () => {
    const text = await shown([...score, '--json'], { isTTY: true, hasColors: () => true });
    expect(text).to.not.include('\u001b');
  });
});
