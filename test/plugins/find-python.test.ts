import { expect } from 'chai';
import { chmodSync } from 'node:fs';
import { findPython } from '../../src/plugins/find-python.js';
import { expectRejection } from '../support/rejection.js';
import { temporaryFolder, type TemporaryFolder } from '../support/temporary-folder.js';

const REMEDY = 'plugins need Python 3.9 or later: install it, or say where it is (plugins.python)';

describe('findPython', () => {
  let folder: TemporaryFolder;
  beforeEach(() => void (folder = temporaryFolder()));
  afterEach(() => folder.remove());

  /** A program that says what Python says of itself. */
  const saying = (line: string, code = 0): string => {
    const path = folder.write('python3', `#!/bin/sh\necho '${line}'\nexit ${code}\n`);
    chmodSync(path, 0o755);
    return path;
  };

  for (const [line, version] of [
    ['3 9 0 /usr/bin/python3', '3.9.0'],
    ['3 14 1 /usr/bin/python3', '3.14.1'],
    ['4 0 0 /usr/bin/python4', '4.0.0'],
  ] as const) {
    it(`takes ${version}`, async () => {
      expect(await findPython(saying(line), process.env)).to.deep.equal({
        path: line.split(' ')[3],
        version,
      });
    });
  }

  for (const [title, line, code, problem] of [
    ['Python 3.8', '3 8 20 /usr/bin/python3', 0, 'is Python 3.8.20'],
    ['Python 2', '2 7 18 /usr/bin/python', 0, 'is Python 2.7.18'],
    ['what is no Python', 'hello', 0, 'does not say its version'],
    ['what fails', '', 1, 'can not be run'],
  ] as const) {
    it(`refuses ${title} in one line`, async () => {
      const path = saying(line, code);
      const error = await expectRejection(findPython(path, process.env), 'UNAVAILABLE');
      expect(error.message).to.equal(`${JSON.stringify(path)} ${problem}; ${REMEDY}`);
    });
  }

  for (const [there, found] of [
    [['python3'], '3.6.8 is refused'],
    [['python3', 'python3.9'], 'python3.9'],
    [['python3', 'python3.9', 'python3.11'], 'python3.11'],
    [['python3', 'python3.9', 'python3.11', 'python3.12'], 'python3.12'],
    [['python3.12'], 'python3.12'],
  ] as const) {
    it(`of ${there.join(', ')}, python3 being 3.6 as in Enterprise Linux 8: ${found}`, async () => {
      for (const name of there) {
        const minor = name.split('.')[1] ?? '6';
        chmodSync(folder.write(name, `#!/bin/sh\necho '3 ${minor} 8 /usr/bin/${name}'\n`), 0o755);
      }
      const finding = findPython('python3', { PATH: folder.path });
      if (found.endsWith('refused')) await expectRejection(finding, 'UNAVAILABLE', 'is Python 3.6.8');
      else expect((await finding).path).to.equal(`/usr/bin/${found}`);
    });
  }

  it('refuses what is not there', async () => {
    const error = await expectRejection(findPython('python3', { PATH: folder.path }), 'UNAVAILABLE');
    expect(error.message).to.equal(`"python3" is not there; ${REMEDY}`);
  });
});
