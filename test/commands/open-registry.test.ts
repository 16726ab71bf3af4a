import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openRegistry, WRITE_INTERVAL_MS, type OpenRegistry } from '../../src/commands/open-registry.js';
import type { RegistryStore } from '../../src/composite/membership.js';
import {
  formatForgetRequest,
  readRegistry,
  REGISTRY_FILE,
  writeRegistry,
  type Registry,
  type RememberedService,
} from '../../src/composite/registry-file.js';
import { nodeAfter, type After } from '../../src/lib/timers.js';
import { askOwner } from '../../src/process/owner-socket.js';
import { openStateDir, OWNERSHIP_INTERVAL_MS, type StateDir } from '../../src/process/state-dir.js';
import { offered } from '../composite/stage.js';
import { createFakeTime, type FakeTime } from '../inventory/fake-time.js';
import { memoryLog } from '../support/log.js';
import { temporaryFolder, type TemporaryFolder } from '../support/temporary-folder.js';
import { until } from '../support/until.js';

function listed(listedAt: number, ...names: string[]): RememberedService {
  return { listedAt, units: names.map((name) => offered('SCORE', name)), gone: [] };
}

function shown(registry: Registry): Record<string, readonly string[]> {
  return Object.fromEntries([...registry].map(([name, { units }]) => [name, units.map((unit) => unit.name)]));
}

describe('the registry of a second process', () => {
  let folder: TemporaryFolder;
  let time: FakeTime;
  let owner: StateDir;
  let second: OpenRegistry;
  let secondDir: StateDir;
  let store: RegistryStore;
  beforeEach(async () => {
    folder = temporaryFolder();
    time = createFakeTime(0);
    const dir = join(folder.path, 'state');
    owner = await openStateDir({ dir, log: memoryLog() });
    await writeRegistry(
      owner,
      new Map([
        ['alpha', listed(1000, 'a')],
        ['beta', listed(1000, 'b', 'forgotten')],
        ['gamma', listed(1000, 'g')],
      ]),
    );
    secondDir = await openStateDir({ dir, log: memoryLog(), after: time.after });
    second = await openRegistry(secondDir, memoryLog(), time.after);
    store = second.store();
  });
  afterEach(async () => {
    await second.close();
    await secondDir.close();
    await owner.close();
    folder.remove();
  });

  /** Ends the owner, which has written this, and waits until the second process has taken over. */
  async function takeOver(written: Registry): Promise<void> {
    await writeRegistry(owner, written);
    await owner.close();
    await until(time.pending, ({ length }) => length === 1);
    await time.advance(OWNERSHIP_INTERVAL_MS);
    await until(store.problems, ({ length }) => length === 0);
  }

  const written = new Map([
    ['alpha', listed(2000, 'a', 'old')],
    ['beta', listed(1000, 'b')],
    ['gamma', listed(2000, 'g', 'new')],
    ['delta', listed(2000, 'd')],
  ]);
  const merged = { alpha: ['a', 'newest'], beta: ['b'], gamma: ['g', 'new'], delta: ['d'] };

  it('keeps, of each service, what was heard last when it takes over, and what was forgotten meanwhile', async () => {
    let registry = store.remembered;
    second.serve(store, (change) => {
      registry = change(registry, () => false);
      store.save(registry);
    });
    registry = new Map(registry).set('alpha', listed(3000, 'a', 'newest'));
    store.save(registry);
    await takeOver(written);
    await until(
      () => shown(registry),
      (services) => services['delta'] !== undefined,
    );
    expect(shown(registry)).to.deep.equal(merged);
    await second.close();
    const reader = await openStateDir({ dir: join(folder.path, 'state'), log: memoryLog() });
    expect(shown(await readRegistry(reader))).to.deep.equal(merged);
    await reader.close();
  });

  it('is merged when it is served after the take-over', async () => {
    await takeOver(written);
    let registry: Registry = new Map([['alpha', listed(3000, 'a', 'newest')]]);
    await until(
      () => {
        second.serve(store, (change) => (registry = change(registry, () => false)));
        return shown(registry);
      },
      (services) => services['delta'] !== undefined,
    );
    expect(shown(registry)).to.deep.equal(merged);
  });
});

describe('the registry of services that change their units all the time', () => {
  let folder: TemporaryFolder;
  let time: FakeTime;
  let registry: OpenRegistry;
  let stateDir: StateDir;
  let store: RegistryStore;
  beforeEach(async () => {
    folder = temporaryFolder();
    time = createFakeTime(0);
    // The disk keeps its own time.
    const after: After = (ms, run) => (ms === WRITE_INTERVAL_MS ? time.after : nodeAfter)(ms, run);
    stateDir = await openStateDir({ dir: folder.path, log: memoryLog(), after });
    registry = await openRegistry(stateDir, memoryLog(), after);
    store = registry.store();
  });
  afterEach(async () => {
    await registry.close();
    await stateDir.close();
    folder.remove();
  });

  const save = (unit: string) => store.save(new Map([['alpha', listed(1000, unit)]]));
  const written = () => {
    try {
      return /"name": "(.*)"/.exec(readFileSync(join(folder.path, REGISTRY_FILE), 'utf8'))?.[1];
    } catch {
      return undefined;
    }
  };
  const isWritten = (unit: string) => until(written, (name) => name === unit);

  it('is written at once, then the newest one after 10 s, and not again as long as nothing changes', async () => {
    expect(WRITE_INTERVAL_MS).to.equal(10_000);
    save('first');
    await isWritten('first');
    for (const unit of ['second', 'third']) save(unit);
    await time.advance(WRITE_INTERVAL_MS - 1);
    expect(written()).to.equal('first');
    await time.advance(1);
    await isWritten('third');
    await time.advance(WRITE_INTERVAL_MS);
    expect(time.pending()).to.deep.equal([]);
    save('fourth');
    await isWritten('fourth');
  });

  it('is written at its end', async () => {
    for (const unit of ['first', 'second']) save(unit);
    await registry.close();
    expect(written()).to.equal('second');
  });

  it('is that of the first composite until another one is served, also of what that learned before', async () => {
    const other = registry.store();
    const service = new Map([['alpha', listed(1000, 'other')]]);
    other.save(service);
    save('first');
    await isWritten('first');
    registry.serve(other, (change) => {
      other.save(change(service, () => false));
    });
    await time.advance(WRITE_INTERVAL_MS);
    await isWritten('other');
    save('second');
    await registry.close();
    expect(written()).to.equal('other');
  });

  it('is written before a request to forget is answered', async () => {
    for (const unit of ['first', 'second']) save(unit);
    registry.serve(store, (change) => {
      store.save(change(new Map([['alpha', listed(1000, 'kept', 'lost')]]), () => false));
    });
    const request = formatForgetRequest({ type: 'SCORE', name: 'lost' });
    const { signal } = new AbortController();
    expect(await askOwner(folder.path, request, { timeoutMs: 5000, signal })).to.include('alpha');
    expect(written()).to.equal('kept');
    expect(readFileSync(join(folder.path, REGISTRY_FILE), 'utf8')).not.to.include('lost"');
  });
});
