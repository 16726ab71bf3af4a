import { expect } from 'chai';
import { PassThrough } from 'node:stream';
import { plugins, type PluginsOptions } from '../../src/commands/plugins.js';
import { loadConfig } from '../../src/config-sources.js';
import { createRpcClient } from '../../src/rpc/client.js';
import { call } from '../support/call.js';
import { until } from '../support/until.js';
import { describeWithPython, fixture, PYTHON, scoreRequest } from '../plugins/with-python.js';

describeWithPython('hostscore plugins', () => {
  const start = (options: Partial<PluginsOptions>) => {
    const ending = new AbortController();
    const text = { stdout: '', stderr: '' };
    const stream = (name: keyof typeof text) =>
      new PassThrough().setEncoding('utf8').on('data', (chunk: string) => (text[name] += chunk));
    const flags = { 'server.listen': '127.0.0.1:0', 'ops.listen': '127.0.0.1:0' };
    const config = loadConfig({ variables: {}, flags });
    const io = {
      stdout: stream('stdout'),
      stderr: stream('stderr'),
      variables: process.env,
      signal: ending.signal,
    };
    const python = PYTHON === undefined ? {} : { python: PYTHON };
    const ended = plugins({ dir: fixture('contract'), ...python, ...options }, config, io);
    return { text, ended, end: () => ending.abort() };
  };

  it('serves the units of a folder over gRPC, names what could not be imported, and ends when asked', async () => {
    const { text, ended, end } = start({ dir: fixture('duplicates') });
    const pattern =
      /^Serves 2 units of the plugins in .*duplicates at (.+)\.\n {2}b\.py: class twice: a\.py has/m;
    await until(
      () => text.stdout,
      (written) => pattern.test(written),
    );
    const client = createRpcClient({ target: pattern.exec(text.stdout)?.[1] ?? '' });
    const { unitResults } = await client.scoreHosts(scoreRequest('twice'), call());
    expect(unitResults).to.deep.equal([{ unit: 'twice', value: [1, 1, 1] }]);
    client.close();
    end();
    await ended;
    expect(text.stderr).to.include('stopped');
  });

  for (const [title, options, text] of [
    [
      'no folder',
      { dir: '/no/such/folder' },
      /^plugins: the folder \/no\/such\/folder can't be read: ENOENT/,
    ],
    [
      'no Python',
      { python: '/no/python' },
      /^"\/no\/python" is not there; plugins need Python 3\.9 or later/,
    ],
  ] as const) {
    it(`ends in one clear line with ${title}`, async () => {
      const error: unknown = await start(options).ended.catch((thrown: unknown) => thrown);
      expect(error).to.be.instanceOf(Error).and.to.have.property('name', 'CommandError');
      expect(error).to.have.property('message').that.matches(text);
    });
  }
});
