import { expect } from 'chai';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  answerForget,
  forget,
  formatForgetRequest,
  formatRegistry,
  MAX_REGISTRY_BYTES,
  parseForgetAnswer,
  parseRegistry,
  readRegistry,
  REGISTRY_FILE,
  writeRegistry,
  type Registry,
} from '../../src/composite/registry-file.js';
import type { PolicyUnit } from '../../src/domain/contract.js';
import { OWNER_SOCKET } from '../../src/process/owner-socket.js';
import { openStateDir, type StateDir } from '../../src/process/state-dir.js';
import { memoryLog } from '../support/log.js';
import { temporaryFolder, type TemporaryFolder } from '../support/temporary-folder.js';

const LISTED_AT = Date.parse('2026-01-02T03:04:05.678Z');
const SINCE = Date.parse('2026-01-01T00:00:00.000Z');

const scoreUnit: PolicyUnit = {
  name: 'ä/b',
  type: 'SCORE',
  description: 'Scores.',
  properties: [{ name: 'p', pattern: '\\d+', defaultValue: '1', description: 'A number.' }],
  direction: 'LOWER_IS_BETTER',
};
const filterUnit: PolicyUnit = {
  name: 'f',
  type: 'FILTER',
  description: '',
  properties: [],
  path: ['elsewhere'],
};
const balanceUnit: PolicyUnit = { name: 'f', type: 'BALANCE', description: '', properties: [] };

const REGISTRY: Registry = new Map([
  ['alpha', { listedAt: LISTED_AT, units: [scoreUnit, filterUnit], gone: [] }],
  ['beta', { listedAt: LISTED_AT, units: [filterUnit], gone: [{ unit: balanceUnit, since: SINCE }] }],
  ['none', { listedAt: LISTED_AT, units: [], gone: [] }],
]);

describe('registry file', () => {
  let folder: TemporaryFolder;
  let path: string;
  let opened: StateDir | undefined;
  beforeEach(() => {
    folder = temporaryFolder();
    path = join(folder.path, REGISTRY_FILE);
  });
  afterEach(async () => {
    await opened?.close();
    folder.remove();
  });

  async function open() {
    await opened?.close();
    const log = memoryLog();
    const state = await openStateDir({ dir: folder.path, log, clock: { now: () => LISTED_AT } });
    opened = state;
    return { state, log };
  }

  it('is read as it was written, services by name', async () => {
    const { state } = await open();
    expect((await readRegistry(state)).size).to.equal(0);
    expect(await writeRegistry(state, new Map([...REGISTRY].reverse()))).to.equal(true);
    const read = await readRegistry((await open()).state);
    expect([...read]).to.deep.equal([...REGISTRY]);
  });

  it('is version 2, with times that a person can read', () => {
    const registry = new Map([...REGISTRY].filter(([name]) => name === 'beta'));
    expect(JSON.parse(formatRegistry(registry))).to.deep.equal({
      version: 2,
      services: {
        beta: {
          listedAt: '2026-01-02T03:04:05.678Z',
          units: [filterUnit],
          gone: [{ unit: balanceUnit, since: '2026-01-01T00:00:00.000Z' }],
        },
      },
    });
  });

  it('is read whole or not at all, wherever it was torn', () => {
    const whole = Buffer.from(formatRegistry(REGISTRY));
    for (let length = 0; length < whole.length - 1; length += 7) {
      expect(() => parseRegistry(whole.subarray(0, length).toString()), `${length} bytes`).to.throw();
    }
    expect(parseRegistry(whole.subarray(0, -1).toString())).to.deep.equal(REGISTRY);
  });

  const service = (entry: object) => JSON.stringify({ version: 2, services: { a: entry } });
  const good = { listedAt: '2026-01-02T03:04:05Z', units: [], gone: [] };
  const wrong: readonly (readonly [title: string, text: string, reason: string])[] = [
    ['no JSON', 'services:\n x', 'JSON'],
    ['another version', '{"version":1,"services":{}}', 'version: expected version 2'],
    ['no version', '{"services":{}}', 'version: expected version 2'],
    ['no object', '[]', 'expected object'],
    ['no services', '{"version":2}', 'services'],
    ['no time', service({ ...good, listedAt: 'soon' }), 'services: a: listedAt'],
    ['nothing of what is gone', service({ ...good, gone: undefined }), 'services: a: gone'],
    [
      'a score unit without a direction',
      service({ ...good, units: [{ ...filterUnit, type: 'SCORE' }] }),
      'services: a: units: 0: direction',
    ],
    ['a unit without a name', service({ ...good, units: [{ ...filterUnit, name: '' }] }), 'units: 0: name'],
    ['a gone unit without a time', service({ ...good, gone: [{ unit: filterUnit }] }), 'gone: 0: since'],
  ];
  for (const [title, text, reason] of wrong) {
    it(`is set aside with ${title}, and written anew`, async () => {
      writeFileSync(path, text);
      const { state, log } = await open();
      expect((await readRegistry(state)).size).to.equal(0);
      expect(log.lines.map(({ event }) => event)).to.deep.equal(['state file unusable']);
      expect(log.lines[0]?.fields['reason']).to.include(reason).and.not.match(/\n/);
      await writeRegistry(state, REGISTRY);
      expect(await readRegistry(state)).to.deep.equal(REGISTRY);
      const aside = `${REGISTRY_FILE}.corrupt-2026-01-02T03-04-05-678Z`;
      expect(readdirSync(folder.path).sort()).to.deep.equal([OWNER_SOCKET, REGISTRY_FILE, aside]);
      expect(readFileSync(join(folder.path, aside), 'utf8')).to.equal(text);
    });
  }

  it('is not written with more than the 16 MiB that are read', async () => {
    const { state } = await open();
    const ofDescription = (length: number): Registry =>
      new Map([['a', { ...good, listedAt: 0, units: [{ ...filterUnit, description: 'x'.repeat(length) }] }]]);
    const rest = formatRegistry(ofDescription(0)).length;
    expect(await writeRegistry(state, ofDescription(MAX_REGISTRY_BYTES - rest))).to.equal(true);
    expect(await writeRegistry(state, ofDescription(MAX_REGISTRY_BYTES - rest + 1))).to.equal(false);
    expect((await readRegistry(state)).size).to.equal(1);
  });

  it('is empty where its place is taken by something that is no file', async () => {
    mkdirSync(join(path, 'x'), { recursive: true });
    expect((await readRegistry((await open()).state)).size).to.equal(0);
  });
});

describe('forgetting a unit', () => {
  const nobody = () => false;
  const namesOf = (registry: Registry) =>
    Object.fromEntries(
      [...registry].map(([name, { units, gone }]) => [
        name,
        [...units, ...gone.map(({ unit }) => unit)].map((unit) => `${unit.type}/${unit.name}`),
      ]),
    );
  const BEFORE = { alpha: ['SCORE/ä/b', 'FILTER/f'], beta: ['FILTER/f', 'BALANCE/f'], none: [] };

  const table: readonly {
    readonly title: string;
    readonly request: { readonly type: PolicyUnit['type']; readonly name: string; readonly service?: string };
    readonly listing?: readonly string[];
    readonly forgotten: readonly string[];
    readonly listed?: readonly string[];
    readonly kept?: object;
  }[] = [
    {
      title: 'takes it from every source',
      request: { type: 'FILTER', name: 'f' },
      forgotten: ['alpha', 'beta'],
      kept: { ...BEFORE, alpha: ['SCORE/ä/b'], beta: ['BALANCE/f'] },
    },
    {
      title: 'takes it from one source',
      request: { type: 'FILTER', name: 'f', service: 'beta' },
      forgotten: ['beta'],
      kept: { ...BEFORE, beta: ['BALANCE/f'] },
    },
    {
      title: 'takes one that is gone',
      request: { type: 'BALANCE', name: 'f' },
      forgotten: ['beta'],
      kept: { ...BEFORE, beta: ['FILTER/f'] },
    },
    {
      title: 'leaves it where it is listed now, since it would come back',
      request: { type: 'FILTER', name: 'f' },
      listing: ['alpha'],
      forgotten: ['beta'],
      listed: ['alpha'],
      kept: { ...BEFORE, beta: ['BALANCE/f'] },
    },
    {
      title: 'does nothing where all list it',
      request: { type: 'SCORE', name: 'ä/b' },
      listing: ['alpha', 'beta'],
      forgotten: [],
      listed: ['alpha'],
    },
    { title: 'does nothing for another type', request: { type: 'SCORE', name: 'f' }, forgotten: [] },
    {
      title: 'does nothing for an unknown source',
      request: { type: 'FILTER', name: 'f', service: 'x' },
      forgotten: [],
    },
  ];
  for (const { title, request, listing = [], forgotten, listed = [], kept } of table) {
    it(title, () => {
      const isListed = (service: string) => listing.includes(service);
      const { registry, answer } = forget(REGISTRY, request, isListed);
      expect(answer).to.deep.equal({ forgotten, listed });
      expect(namesOf(registry)).to.deep.equal(kept ?? BEFORE);
      if (kept === undefined) expect(registry).to.equal(REGISTRY);
      const asLines = answerForget(formatForgetRequest(request), REGISTRY, isListed);
      expect([asLines.registry, parseForgetAnswer(asLines.answer)]).to.deep.equal([registry, answer]);
    });
  }

  it('leaves the registry before as it was', () => {
    forget(REGISTRY, { type: 'FILTER', name: 'f' }, nobody);
    expect(namesOf(REGISTRY)).to.deep.equal(BEFORE);
  });

  const odd: readonly (readonly [line: string, reason: string])[] = [
    ['', 'JSON'],
    ['null', 'expected object'],
    ['{"other":{}}', 'forget'],
    ['{"forget":{"type":"SCORE"}}', 'forget: name'],
    ['{"forget":{"type":"score","name":"x"}}', 'forget: type'],
  ];
  for (const [line, reason] of odd) {
    it(`answers ${JSON.stringify(line)} with a reason`, () => {
      const { registry, answer } = answerForget(line, REGISTRY, nobody);
      expect(registry).to.equal(REGISTRY);
      expect(() => parseForgetAnswer(answer)).to.throw(reason);
    });
  }

  it('takes no answer of another form', () => {
    for (const line of ['{}', '{"forgotten":[1],"listed":[]}', 'ok'])
      expect(() => parseForgetAnswer(line)).to.throw();
  });
});
