import { expect } from 'chai';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  answerForget,
  formatRegistry,
  parseRegistry,
  REGISTRY_FILE,
  type Registry,
} from '../../src/composite/registry-file.js';
import { openStateDir } from '../../src/process/state-dir.js';
import { memoryLog } from '../support/log.js';
import { errorText, runToEnd } from '../support/program.js';
import { temporaryFolder, type TemporaryFolder } from '../support/temporary-folder.js';

const LISTED_AT = Date.parse('2026-01-02T03:04:05.678Z');
const unit = (name: string) => ({ name, type: 'FILTER' as const, description: '', properties: [] });
const REGISTRY: Registry = new Map([
  [
    'gpu',
    {
      listedAt: LISTED_AT,
      units: [{ ...unit('f'), description: 'Ac\u001b[31mcepts.' }, unit('g')],
      gone: [{ unit: unit('old'), since: 0 }],
    },
  ],
  ['cpu', { listedAt: LISTED_AT, units: [unit('f')], gone: [] }],
]);

describe('hostscore units, what is remembered', () => {
  let folder: TemporaryFolder;
  let path: string;
  beforeEach(() => {
    folder = temporaryFolder();
    path = folder.write(REGISTRY_FILE, formatRegistry(REGISTRY));
  });
  afterEach(() => folder.remove());

  const run = (...args: readonly string[]) =>
    runToEnd(['units', ...args], { HOSTSCORE_STATE_DIR: folder.path });
  const unitsOf = (service: string) =>
    parseRegistry(readFileSync(path, 'utf8'))
      .get(service)
      ?.units.map(({ name }) => name);

  it('lists it service by service, with times, whatever a name does to a terminal', async () => {
    expect((await run('--remembered')).stdout).to.equal(
      [
        'cpu, listed 2026-01-02T03:04:05.678Z',
        '  filter/f',
        'gpu, listed 2026-01-02T03:04:05.678Z',
        '  filter/f: Ac\ufffd[31mcepts.',
        '  filter/g',
        '  filter/old, gone since 1970-01-01T00:00:00.000Z',
        '',
      ].join('\n'),
    );
    expect(existsSync(join(folder.path, 'owner.sock'))).to.equal(false);
  });

  it('lists it as JSON', async () => {
    const { stdout } = await run('--remembered', '--json');
    expect(JSON.parse(stdout)).to.deep.equal({
      services: [
        { service: 'cpu', listedAt: '2026-01-02T03:04:05.678Z', units: [unit('f')], gone: [] },
        {
          service: 'gpu',
          listedAt: '2026-01-02T03:04:05.678Z',
          units: REGISTRY.get('gpu')?.units,
          gone: [{ unit: unit('old'), since: '1970-01-01T00:00:00.000Z' }],
        },
      ],
    });
  });

  it('refuses to list or forget where nothing is remembered, and makes no folder', async () => {
    const dir = join(folder.path, 'none');
    for (const args of [['--remembered'], ['--forget', 'filter/f']]) {
      expect(errorText(await runToEnd(['units', ...args, '--state-dir', dir]))).to.equal(
        `CommandError: ${dir}/registry.json: there is no such file; nothing is remembered`,
      );
    }
    expect(existsSync(dir)).to.equal(false);
  });

  it('says so where no service is remembered', async () => {
    writeFileSync(path, formatRegistry(new Map()));
    expect((await run('--remembered')).stdout).to.equal(`${folder.path} remembers no service.\n`);
  });

  it('forgets a unit of one service where no hostscore runs, and gives the folder up', async () => {
    const { stdout, error } = await run('--forget', 'filter/f', '--service', 'gpu');
    expect(errorText({ error })).to.equal('');
    expect(stdout).to.equal(
      'forgot filter/f of gpu\nNo hostscore runs: the unit comes back if its service still lists it.\n',
    );
    expect([unitsOf('gpu'), unitsOf('cpu')]).to.deep.equal([['g'], ['f']]);
    const json = await run('--forget', 'filter/g', '--json');
    expect(JSON.parse(json.stdout)).to.deep.equal({ forgotten: ['gpu'], listed: [] });
    expect(existsSync(join(folder.path, 'owner.sock'))).to.equal(false);
  });

  it('asks the hostscore that runs, which leaves what a service lists now, and says so', async () => {
    const state = await openStateDir({ dir: folder.path, log: memoryLog() });
    try {
      let registry = REGISTRY;
      state.onCommand((line) => {
        const done = answerForget(line, registry, (service) => service === 'cpu');
        registry = done.registry;
        return Promise.resolve(done.answer);
      });
      for (const stdout of ['forgot filter/f of gpu\n', '']) {
        const outcome = await run('--forget', 'FILTER/f');
        expect(outcome.stdout).to.equal(stdout);
        expect(errorText(outcome)).to.equal(
          'CommandError: cpu: lists filter/f now, so it stays; leave it out with services[].units instead',
        );
      }
      expect(registry.get('gpu')?.units).to.deep.equal([unit('g')]);
      expect(unitsOf('gpu'), 'the file is the owner’s').to.deep.equal(['f', 'g']);
      state.onCommand(() => Promise.resolve('{"error":"not now"}'));
      expect(errorText(await run('--forget', 'filter/f'))).to.match(/ owns .* did not forget it: not now$/);
    } finally {
      await state.close();
    }
  });

  const refused: readonly (readonly [args: readonly string[], error: RegExp])[] = [
    [
      ['--forget', 'score/f'],
      /^CommandError: no service is remembered to have score\/f; see what is: hostscore units --remembered/,
    ],
    [
      ['--forget', 'filter/f', '--service', 'x'],
      /^CommandError: no service is remembered to have filter\/f; /,
    ],
    [['--forget', 'f'], /^UsageError: .*expected a type and a name, such as score\/old_unit/],
    [['--forget', 'cost/f'], /^UsageError: .*expected a type and a name/],
    [['--service', 'gpu'], /^ConfigError: --service goes together with --forget/],
  ];
  for (const [args, error] of refused) {
    it(`refuses ${args.join(' ')}`, async () => {
      expect(errorText(await run(...args))).to.match(error);
    });
  }

  it('says what is wrong with a file, and leaves it where it is', async () => {
    writeFileSync(path, '{"version":1}');
    for (const args of [['--remembered'], ['--forget', 'filter/f']]) {
      expect(errorText(await run(...args))).to.equal(`CommandError: ${path}: version: expected version 2`);
    }
    expect(readFileSync(path, 'utf8')).to.equal('{"version":1}');
  });
});
