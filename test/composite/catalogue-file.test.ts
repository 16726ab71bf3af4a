import { expect } from 'chai';
import { execFileSync } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { formatCatalogue, type CatalogueContent } from '../../src/composite/catalogue-content.js';
import {
  openCatalogueFile,
  type CatalogueFileOptions,
  type FiledCatalogue,
} from '../../src/composite/catalogue-file.js';
import { forgetUnits } from '../../src/composite/forget-units.js';
import { readCatalogue } from '../../src/composite/read-catalogue.js';
import { createFakeTime } from '../inventory/fake-time.js';
import { memoryLog } from '../support/log.js';
import { expectRejection } from '../support/rejection.js';
import { temporaryFolder, type TemporaryFolder } from '../support/temporary-folder.js';
import { until } from '../support/until.js';
import { offered } from './stage.js';

const LISTED_AT = Date.parse('2026-01-02T03:04:05.678Z');
const CLOCK = { now: () => LISTED_AT };
const ASIDE = 'catalogue.json.corrupt-2026-01-02T03-04-05-678Z';

function contentOf(services: Readonly<Record<string, readonly string[]>>): CatalogueContent {
  return new Map(
    Object.entries(services).map(([name, units]) => [
      name,
      { listedAt: LISTED_AT, units: units.map((unit) => offered('SCORE', unit)) },
    ]),
  );
}

const BOTH = contentOf({ alpha: ['a', 'ä/b'], beta: ['c'] });

describe('catalogue file', () => {
  let folder: TemporaryFolder;
  let path: string;
  beforeEach(() => {
    folder = temporaryFolder();
    path = join(folder.path, 'catalogue.json');
  });
  afterEach(() => folder.remove());

  async function open(options: Partial<CatalogueFileOptions> = {}) {
    const log = memoryLog();
    const store = await openCatalogueFile({ path, log, clock: CLOCK, ...options });
    return { store, log, events: () => log.lines.map(({ level, event }) => `${level} ${event}`) };
  }

  const keep = (content: CatalogueContent) => () => content;

  it('begins empty without a file, and says nothing', async () => {
    const { store, log } = await open();
    expect(store.loaded.size).to.equal(0);
    expect(log.lines).to.deep.equal([]);
    await expectRejection(readCatalogue(path), 'NOT_FOUND', path);
  });

  it('reads what it wrote, and makes the folder for it', async () => {
    path = join(folder.path, 'a', 'b', 'catalogue.json');
    const { store } = await open();
    await store.sync(keep(BOTH));
    expect((await open()).store.loaded).to.deep.equal(BOTH);
    expect(await readCatalogue(path)).to.deep.equal(BOTH);
    expect(readdirSync(join(folder.path, 'a', 'b'))).to.deep.equal(['catalogue.json']);
  });

  it('is version 1, with the time and the units as offered', async () => {
    await (await open()).store.sync(keep(contentOf({ alpha: ['a'] })));
    expect(JSON.parse(readFileSync(path, 'utf8'))).to.deep.equal({
      version: 1,
      services: { alpha: { listedAt: '2026-01-02T03:04:05.678Z', units: [offered('SCORE', 'a')] } },
    });
  });

  it('writes only what changed', async () => {
    const { store, log } = await open({});
    for (let n = 0; n < 3; n++) await store.sync(keep(BOTH));
    await store.sync(keep(contentOf({ alpha: ['a'] })));
    expect(log.lines.map(({ event }) => event)).to.deep.equal(['catalogue written', 'catalogue written']);
  });

  it('reads a torn file whole or sets it aside, wherever it was torn', async () => {
    const whole = Buffer.from(formatCatalogue(BOTH));
    for (let length = 0; length < whole.length; length += 7) {
      writeFileSync(path, whole.subarray(0, length));
      const { store, events } = await open();
      // Without the line feed at its end the file is whole all the same.
      if (length === whole.length - 1) {
        expect(store.loaded).to.deep.equal(BOTH);
        continue;
      }
      expect(store.loaded.size, `${length} bytes`).to.equal(0);
      expect(events()).to.deep.equal(['warn catalogue set aside']);
      expect(readFileSync(join(folder.path, ASIDE)).length).to.equal(length);
      expect(existsSync(path)).to.equal(false);
    }
  });

  const wrong: readonly (readonly [title: string, text: string, reason: string])[] = [
    ['no JSON', 'services:', 'JSON'],
    ['another version', '{"version":2,"services":[]}', 'version: expected version 1'],
    ['no version', '{"services":{}}', 'version: expected version 1'],
    ['no object', '[]', 'expected object'],
    ['no services', '{"version":1}', 'services'],
    ['no time', '{"version":1,"services":{"a":{"listedAt":"soon","units":[]}}}', 'services: a: listedAt'],
    [
      'a unit without a direction',
      '{"version":1,"services":{"a":{"listedAt":"2026-01-02T03:04:05Z","units":[{"name":"x","type":"SCORE","description":"","properties":[]}]}}}',
      'services: a: units: 0: direction',
    ],
    [
      'a name that is too long',
      `{"version":1,"services":{"a":{"listedAt":"2026-01-02T03:04:05Z","units":[{"name":"${'x'.repeat(129)}","type":"FILTER","description":"","properties":[]}]}}}`,
      'services: a: units: 0: name: expected a name of at most 128 characters',
    ],
    [
      'more than maxBytes',
      `{"version":1,"services":{}}${' '.repeat(2000)}`,
      '2027 bytes, a catalogue has at most 2000',
    ],
  ];
  for (const [title, text, reason] of wrong) {
    it(`sets ${title} aside, and writes a new file`, async () => {
      writeFileSync(path, text);
      const { store, log } = await open({ maxBytes: 2000 });
      expect(log.lines[0]?.fields['reason']).to.include(reason);
      await store.sync(keep(contentOf({ alpha: ['a'] })));
      expect(readFileSync(join(folder.path, ASIDE), 'utf8')).to.equal(text);
      expect([...(await readCatalogue(path)).keys()]).to.deep.equal(['alpha']);
    });
  }

  it('writes no more than maxBytes, so that it can be read again', async () => {
    const { store, log } = await open({ maxBytes: 300 });
    await store.sync(keep(contentOf({ alpha: ['a'.repeat(128)] })));
    expect(log.lines[0]?.fields['reason']).to.equal('more than 300 bytes to remember');
    expect(readdirSync(folder.path)).to.deep.equal([]);
  });

  // Whoever runs this may be root, whom no permission stops: the paths themselves are impossible.
  const impossible: readonly (readonly [title: string, prepare: () => void, cure: () => void])[] = [
    [
      'its folder is a file',
      () => {
        path = join(folder.path, 'file', 'catalogue.json');
        writeFileSync(join(folder.path, 'file'), '');
      },
      () => rmSync(join(folder.path, 'file')),
    ],
    [
      'it is a folder',
      () => mkdirSync(join(path, 'x'), { recursive: true }),
      () => rmSync(path, { recursive: true }),
    ],
  ];
  for (const [title, prepare, cure] of impossible) {
    it(`goes on without the disk when ${title}, warns once, and writes when it can again`, async () => {
      prepare();
      const { store, events } = await open();
      expect(store.loaded.size).to.equal(0);
      for (let n = 0; n < 3; n++) await store.sync(keep(BOTH));
      expect(events()).to.deep.equal(['warn catalogue not kept']);
      cure();
      await store.sync(keep(BOTH));
      expect(events().slice(1)).to.deep.equal(['debug catalogue written', 'info catalogue kept again']);
      expect(await readCatalogue(path)).to.deep.equal(BOTH);
      expect(readdirSync(join(path, '..')).filter((name) => name.endsWith('.tmp'))).to.deep.equal([]);
    });
  }

  it('keeps the old file when the new one can not be written', async () => {
    // A name of at most 255 characters fits, the longer one of the file beside it doesn't.
    path = folder.write('c'.repeat(250), formatCatalogue(BOTH));
    const { store, events } = await open();
    await store.sync(keep(contentOf({ gamma: ['g'] })));
    expect(events()).to.deep.equal(['warn catalogue not kept']);
    expect(await readCatalogue(path)).to.deep.equal(BOTH);
  });

  it('hands over what someone else wrote, and writes what that becomes', async () => {
    const { store } = await open();
    await store.sync(keep(BOTH));
    await forgetUnits({ path, service: 'beta' });
    const alone = contentOf({ alpha: ['a', 'ä/b'] });
    const forgotten = { listedAt: 0, units: [] };
    const seen: FiledCatalogue[] = [];
    const look = (content: CatalogueContent) => (file: FiledCatalogue) => {
      seen.push(file);
      return content;
    };
    const more = contentOf({ alpha: ['a', 'ä/b'], gamma: ['g'] });
    await store.sync(look(more));
    expect(await readCatalogue(path)).to.deep.equal(more);
    await store.sync(look(BOTH));
    expect(seen).to.deep.equal([
      { before: BOTH, edited: new Map([...alone, ['beta', forgotten]]) },
      { before: more, edited: undefined },
    ]);
  });

  it('writes a file again that was deleted: to forget takes more than that', async () => {
    const { store } = await open();
    await store.sync(keep(BOTH));
    rmSync(path);
    await store.sync(({ before, edited }) => {
      expect(before).to.deep.equal(BOTH);
      expect(edited).to.equal(undefined);
      return BOTH;
    });
    expect(await readCatalogue(path)).to.deep.equal(BOTH);
  });

  it('sets aside what someone else broke, and goes on from memory', async () => {
    const { store, events } = await open();
    await store.sync(keep(BOTH));
    writeFileSync(path, 'oops');
    await store.sync(keep(BOTH));
    expect(events()).to.include('warn catalogue set aside');
    expect(await readCatalogue(path)).to.deep.equal(BOTH);
  });

  it('writes nothing where only times and orders differ, so that two processes don’t write in turns', async () => {
    const { store, events } = await open();
    await store.sync(keep(contentOf({ alpha: ['a', 'b'], beta: ['c'] })));
    const { units = [] } = contentOf({ alpha: ['b', 'a'] }).get('alpha') ?? {};
    await store.sync(
      keep(new Map([...contentOf({ beta: ['c'] }), ['alpha', { listedAt: LISTED_AT + 1, units }]])),
    );
    expect(events()).to.deep.equal(['debug catalogue written']);
  });

  it('writes beside the file under a name of its own, whatever another process left there', async () => {
    const { store } = await open();
    for (const id of [1, process.pid]) mkdirSync(`${path}.${id}.tmp`);
    await store.sync(keep(BOTH));
    expect(await readCatalogue(path)).to.deep.equal(BOTH);
  });

  it('goes on from memory when opening hangs, and takes in what is there once that ends', async () => {
    // Nobody writes into the pipe, so that opening it to read never returns.
    execFileSync('mkfifo', [path]);
    const time = createFakeTime();
    const opening = open({ timers: time, syncTimeoutMs: 5000 });
    await until(
      () => time.pending().length,
      (timers) => timers > 0,
    );
    await time.advance(5000);
    const { store, log, events } = await opening;
    expect(store.loaded.size).to.equal(0);
    for (let n = 0; n < 3; n++) await store.sync(keep(BOTH));
    expect(log.lines.map(({ event, fields }) => [event, fields['reason']])).to.deep.equal([
      ['catalogue not kept', 'no end within 5000 ms'],
    ]);

    const pipe = openSync(path, 'r+');
    writeSync(pipe, formatCatalogue(contentOf({ alpha: ['remembered'] })));
    rmSync(path);
    folder.write('catalogue.json', formatCatalogue(contentOf({ alpha: ['remembered'] })));
    closeSync(pipe);
    await until(events, (found) => found.includes('info catalogue kept again'));
    const seen: FiledCatalogue[] = [];
    await store.sync((file) => {
      seen.push(file);
      return BOTH;
    });
    expect(seen).to.deep.equal([{ before: new Map(), edited: contentOf({ alpha: ['remembered'] }) }]);
    expect(await readCatalogue(path)).to.deep.equal(BOTH);
  });

  it('writes one at a time, in the order asked', async () => {
    const { store } = await open();
    const names = Array.from({ length: 20 }, (_, n) => `unit-${n}`);
    const order: string[] = [];
    await Promise.all(
      names.map((name) =>
        store.sync(() => {
          order.push(name);
          return contentOf({ alpha: [name] });
        }),
      ),
    );
    expect(order).to.deep.equal(names);
    expect(await readCatalogue(path)).to.deep.equal(contentOf({ alpha: ['unit-19'] }));
  });
});

describe('forgetting units', () => {
  let folder: TemporaryFolder;
  let path: string;
  beforeEach(() => {
    folder = temporaryFolder();
    path = folder.write('catalogue.json', formatCatalogue(contentOf({ alpha: ['a', 'ä/b'], beta: ['a'] })));
  });
  afterEach(() => folder.remove());

  const table: readonly {
    readonly title: string;
    readonly what: { readonly service?: string; readonly unit?: string };
    readonly forgotten: readonly string[];
    readonly kept: Readonly<Record<string, readonly string[]>>;
  }[] = [
    {
      title: 'all of a service',
      what: { service: 'alpha' },
      forgotten: ['alpha SCORE/a', 'alpha SCORE/ä/b'],
      kept: { alpha: [], beta: ['a'] },
    },
    {
      title: 'a unit of one service',
      what: { service: 'alpha', unit: 'SCORE/ä/b' },
      forgotten: ['alpha SCORE/ä/b'],
      kept: { alpha: ['a'], beta: ['a'] },
    },
    {
      title: 'a unit of every service',
      what: { unit: 'SCORE/a' },
      forgotten: ['alpha SCORE/a', 'beta SCORE/a'],
      kept: { alpha: ['ä/b'], beta: [] },
    },
  ];
  for (const { title, what, forgotten, kept } of table) {
    it(`forgets ${title}`, async () => {
      const gone = await forgetUnits({ path, ...what });
      expect(gone.map(({ service, unit }) => `${service} ${unit}`)).to.deep.equal(forgotten);
      const services = Object.entries(parsedFile().services);
      expect(services.map(([name, { units }]) => [name, units.map(({ name }) => name)])).to.deep.equal(
        Object.entries(kept),
      );
    });
  }

  const parsedFile = () =>
    z
      .object({
        services: z.record(z.string(), z.object({ units: z.array(z.object({ name: z.string() })) })),
      })
      .parse(JSON.parse(readFileSync(path, 'utf8')));

  it('leaves an entry that tells a running process, and shows and forgets it no more', async () => {
    await forgetUnits({ path, service: 'alpha' });
    expect(JSON.parse(readFileSync(path, 'utf8'))).to.have.deep.nested.property('services.alpha', {
      listedAt: '1970-01-01T00:00:00.000Z',
      units: [],
    });
    expect([...(await readCatalogue(path)).keys()]).to.deep.equal(['beta']);
    await expectRejection(
      forgetUnits({ path, service: 'alpha' }),
      'NOT_FOUND',
      'remembers no service "alpha"; it has: beta',
    );
  });

  it('forgets a service that is remembered to have no units', async () => {
    writeFileSync(path, formatCatalogue(contentOf({ alpha: [], beta: ['b'] })));
    expect(await forgetUnits({ path, service: 'alpha' })).to.deep.equal([]);
    expect(await readCatalogue(path)).to.deep.equal(contentOf({ beta: ['b'] }));
  });

  it('reads no more than maxBytes', async () => {
    const { length: maxBytes } = readFileSync(path);
    for (const run of [
      () => readCatalogue(path, { maxBytes: maxBytes - 1 }),
      () => forgetUnits({ path, unit: 'SCORE/a', maxBytes: maxBytes - 1 }),
    ]) {
      await expectRejection(run(), 'INVALID_ARGUMENT', `a catalogue has at most ${maxBytes - 1}`);
    }
    expect((await readCatalogue(path, { maxBytes })).size).to.equal(2);
    expect((await forgetUnits({ path, unit: 'SCORE/a', maxBytes })).length).to.equal(2);
  });

  const refusals: readonly {
    readonly what: { readonly service?: string; readonly unit?: string };
    readonly code: 'INVALID_ARGUMENT' | 'NOT_FOUND';
    readonly text: string;
  }[] = [
    { what: {}, code: 'INVALID_ARGUMENT', text: 'nothing to forget: name a service, a unit, or both' },
    { what: { unit: 'a' }, code: 'INVALID_ARGUMENT', text: 'such as SCORE/ksm_same_os_score, got "a"' },
    {
      what: { service: 'gamma' },
      code: 'NOT_FOUND',
      text: 'remembers no service "gamma"; it has: alpha, beta',
    },
    {
      what: { unit: 'FILTER/a' },
      code: 'NOT_FOUND',
      text: 'no unit FILTER/a; it has: SCORE/a, SCORE/ä/b, SCORE/a',
    },
    {
      what: { service: 'beta', unit: 'SCORE/ä/b' },
      code: 'NOT_FOUND',
      text: 'no unit SCORE/ä/b of "beta"; it has: SCORE/a',
    },
  ];
  for (const { what, code, text } of refusals) {
    it(`refuses ${JSON.stringify(what)} with ${code}, and leaves the file alone`, async () => {
      const before = readFileSync(path, 'utf8');
      await expectRejection(forgetUnits({ path, ...what }), code, text);
      expect(readFileSync(path, 'utf8')).to.equal(before);
    });
  }

  it('says what is wrong with the file', async () => {
    await expectRejection(forgetUnits({ path: `${path}.not`, service: 'a' }), 'NOT_FOUND', 'no such file');
    writeFileSync(path, '{');
    await expectRejection(forgetUnits({ path, service: 'a' }), 'INVALID_ARGUMENT', `${path}: no catalogue`);
    await expectRejection(forgetUnits({ path: folder.path, service: 'a' }), 'UNAVAILABLE', "can't be read");
  });
});
