import { expect } from 'chai';
import { balancingSection } from '../../src/config/sections.js';
import { createMigrationCooldown, MAX_PROPOSALS } from '../../src/scoring/migration-cooldown.js';
import { buildSnapshot, type Snapshot, type Vm } from '../../src/domain/snapshot.js';
import { host, hostId, vm, vmId } from '../support/world.js';

const MINUTE = 60_000;
const DEFAULTS = balancingSection.parse({});

describe('createMigrationCooldown', () => {
  let now = 0;
  const clock = { now: () => now };
  beforeEach(() => {
    now = 100 * MINUTE;
  });

  /** A snapshot with VM 1 there, and whatever else. */
  function shown(
    on: number | undefined,
    more: { readonly time?: number; readonly status?: string; readonly vms?: readonly Vm[] } = {},
  ): Snapshot {
    const { time = now, status = 'up', vms = [] } = more;
    const first = on === undefined ? [] : [vm(1, 'other', { on, status })];
    return buildSnapshot(time, [host(1), host(2), host(3)], [...first, ...vms]);
  }

  const proposal = { vmId: vmId(1), candidateHostIds: [hostId(2), hostId(3)] };

  function remembering(settings: Partial<typeof DEFAULTS> = {}) {
    const migrations = createMigrationCooldown({ ...DEFAULTS, ...settings }, clock);
    migrations.remember(proposal, shown(1));
    return migrations;
  }

  /** Whether VM 1 cools down beside that snapshot, and where moves under way lead: `! 2, 3`, `arrived 2` or nothing. */
  function seen(migrations: ReturnType<typeof remembering>, snapshot: Snapshot): readonly [boolean, string] {
    const { isCoolingDown, underWay } = migrations.beside(snapshot);
    const texts = underWay.map(
      ({ destinationIds, arrived }) =>
        `${arrived ? 'arrived' : 'to'} ${destinationIds.map((id) => id.slice(-1)).join(', ')}`,
    );
    return [isCoolingDown(vmId(1)), texts.join('; ')];
  }

  it('starts with nothing', () => {
    expect(seen(createMigrationCooldown(DEFAULTS, clock), shown(1))).to.deep.equal([false, '']);
  });

  it('believes in a move that an older snapshot can not show', () => {
    const migrations = remembering();
    expect(seen(migrations, shown(1, { time: now - 30_000 }))).to.deep.equal([true, 'to 2, 3']);
  });

  const stays: readonly (readonly [after: number, status: string, cooling: boolean, moves: string])[] = [
    [0, 'up', true, 'to 2, 3'],
    [MINUTE - 1, 'up', true, 'to 2, 3'],
    [MINUTE, 'up', true, ''],
    [MINUTE, 'migrating', true, 'to 2, 3'],
    [5 * MINUTE - 1, 'up', true, ''],
    [5 * MINUTE, 'up', false, ''],
    [5 * MINUTE, 'migrating', true, 'to 2, 3'],
    [60 * MINUTE, 'migrating', true, 'to 2, 3'],
  ];
  for (const [after, status, cooling, moves] of stays) {
    it(`of a VM that is ${status} at its source after ${after} ms: cooling ${cooling}, moves ${moves || 'none'}`, () => {
      const migrations = remembering();
      now += after;
      expect(seen(migrations, shown(1, { status }))).to.deep.equal([cooling, moves]);
    });
  }

  it('knows where a VM went once it is there, counts its memory for a while, and cools it from its arrival', () => {
    const migrations = remembering();
    now += 2 * MINUTE;
    const arrival = now;
    expect(seen(migrations, shown(3))).to.deep.equal([true, 'arrived 3']);
    now = arrival + MINUTE - 1;
    expect(seen(migrations, shown(3))).to.deep.equal([true, 'arrived 3']);
    now = arrival + MINUTE;
    expect(seen(migrations, shown(3))).to.deep.equal([true, '']);
    now = arrival + 5 * MINUTE - 1;
    expect(seen(migrations, shown(3))).to.deep.equal([true, '']);
    now = arrival + 5 * MINUTE;
    expect(seen(migrations, shown(3))).to.deep.equal([false, '']);
  });

  it('takes a VM that someone moved elsewhere to be there', () => {
    const migrations = createMigrationCooldown(DEFAULTS, clock);
    migrations.remember({ vmId: vmId(1), candidateHostIds: [hostId(2)] }, shown(1));
    expect(seen(migrations, shown(3))).to.deep.equal([true, 'arrived 3']);
  });

  it('forgets the move of a VM that stopped, and cools it all the same, in case it is started again', () => {
    const migrations = remembering();
    expect(seen(migrations, shown(undefined))).to.deep.equal([true, '']);
    now += 5 * MINUTE;
    expect(seen(migrations, shown(1))).to.deep.equal([false, '']);
  });

  it('does not propose a VM twice that is on its way, even without a cooldown', () => {
    const migrations = remembering({ cooldown: 0 });
    expect(seen(migrations, shown(1))).to.deep.equal([true, 'to 2, 3']);
    now += MINUTE;
    expect(seen(migrations, shown(1))).to.deep.equal([false, '']);
  });

  it('has the times that it is given', () => {
    const migrations = remembering({ cooldown: 1000, settleTime: 10 });
    now += 10;
    expect(seen(migrations, shown(1))).to.deep.equal([true, '']);
    now += 990;
    expect(seen(migrations, shown(1))).to.deep.equal([false, '']);
  });

  it('ends a cooldown in time although the clock was set back by an hour', () => {
    const migrations = remembering();
    now -= 60 * MINUTE;
    expect(seen(migrations, shown(1))).to.deep.equal([true, 'to 2, 3']);
    now += 5 * MINUTE;
    expect(seen(migrations, shown(1))).to.deep.equal([false, '']);
  });

  it('remembers VMs apart', () => {
    const others = [vm(2, 'other', { on: 2 })];
    const migrations = remembering();
    now += MINUTE;
    migrations.remember({ vmId: vmId(2), candidateHostIds: [hostId(1)] }, shown(1, { vms: others }));
    const { isCoolingDown, underWay } = migrations.beside(shown(1, { vms: others }));
    expect([isCoolingDown(vmId(1)), isCoolingDown(vmId(2)), isCoolingDown(vmId(3))]).to.deep.equal([
      true,
      true,
      false,
    ]);
    expect(underWay.map((one) => [one.vm.id, one.sourceId])).to.deep.equal([[vmId(2), hostId(2)]]);
  });

  it(`lets no more than ${MAX_PROPOSALS} proposals be made, until some are over`, () => {
    const vms = Array.from({ length: MAX_PROPOSALS }, (_, n) => vm(n + 10, 'other', { on: 1 }));
    const full = shown(1, { vms });
    const migrations = createMigrationCooldown(DEFAULTS, clock);
    for (const { id } of vms.slice(1)) migrations.remember({ vmId: id, candidateHostIds: [hostId(2)] }, full);
    expect(migrations.beside(full).underWay).to.have.length(MAX_PROPOSALS - 1);
    migrations.remember({ vmId: vmId(10), candidateHostIds: [hostId(2)] }, full);
    expect(() => migrations.beside(full))
      .to.throw('1000 migrations were proposed in the last 300 s, the most that are remembered; balance less')
      .with.property('code', 'RESOURCE_EXHAUSTED');
    now += 5 * MINUTE;
    expect(migrations.beside(shown(1, { vms })).underWay).to.deep.equal([]);
  });
});
