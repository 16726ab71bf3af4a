import { expect } from 'chai';
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describeWithPython, PYTHON } from './with-python.js';

const TESTS = fileURLToPath(new URL('python', import.meta.url));

describeWithPython('the Python side', () => {
  it('passes its own tests', async () => {
    const { code, output } = await new Promise<{ code: unknown; output: string }>((resolve) => {
      const args = ['-B', '-W', 'error', '-m', 'unittest', 'discover', '-s', TESTS];
      execFile(PYTHON ?? 'python3', args, (error, stdout, stderr) =>
        resolve({ code: error?.code ?? 0, output: stdout + stderr }),
      );
    });
    expect(output).to.match(/^Ran \d\d tests in /m);
    expect(code, output).to.equal(0);
  });
});
