import { expect } from 'chai';
import { createWorld } from '../../src/simulator/world.js';
import { errorText, runToEnd } from '../support/program.js';
import { startScoring, type Scoring } from '../support/scoring.js';
import { hostId, vmId } from '../support/world.js';

/** A VM on host one, and one that is stopped. */
const world = createWorld({
  hosts: [
    { id: hostId(1), name: 'one' },
    { id: hostId(2), name: 'two' },
    { id: hostId(3), name: 'away', status: 'maintenance' },
  ],
  vms: [
    { id: vmId(1), hostId: hostId(1), name: 'web-1' },
    { id: vmId(2), name: 'web-2' },
  ],
});

const TIME = '\\d{4}-\\d\\d-\\d\\dT[\\d:.]+Z';

describe('hostscore reserve, release and reservations', () => {
  let scoring: Scoring;
  before(async () => {
    // The engine is not read again: a reservation of a VM that is there would end.
    scoring = await startScoring(world, { args: ['--inventory-refresh-interval', '4m'] });
  });
  after(() => scoring.close());

  const run = (...args: readonly string[]) => runToEnd([...args, '--server', scoring.address]);
  const json = async (...args: readonly string[]): Promise<unknown> =>
    JSON.parse((await run(...args, '--json')).stdout);

  it('hint at a host that is not up, by name and by id, and reserve it all the same', async () => {
    for (const host of ['away', hostId(3)]) {
      const { stdout, stderr } = await run('reserve', '--vm', 'web-1', '--host', host);
      expect(stdout).to.match(/^web-1 counts at away until /);
      expect(stderr).to.equal('--host away: is maintenance; the engine places VMs on hosts that are up\n');
    }
    expect((await run('release', '--vm', 'web-1')).stderr).to.equal('');
  });

  it('reserve by name and by id, list, and release', async () => {
    const reserved = await run('reserve', '--vm', 'WEB-1', '--host', 'two');
    expect(reserved.stdout).to.match(
      new RegExp(`^web-1 counts at two until the engine shows it there, or until ${TIME}\n$`),
    );
    await run('reserve', '--vm', vmId(2), '--host', hostId(2), '--ttl', '10m');
    const { stdout } = await run('reservations');
    const [head, ...rows] = stdout.trimEnd().split('\n');
    expect(head).to.match(/^VM +host +kind +until +id$/);
    expect(rows[0]).to.match(new RegExp(`^web-1 +two +reserved +${TIME} +${vmId(1)}$`));
    expect(rows[1]).to.match(new RegExp(`^web-2 +two +reserved +${TIME} +${vmId(2)}$`));
    expect((await run('release', '--vm', 'web-1')).stdout).to.equal('web-1 counts at two no longer\n');
    expect((await run('release', '--vm', vmId(2))).stdout).to.equal('web-2 counts at two no longer\n');
    expect((await run('release', '--vm', 'web-1')).stdout).to.equal('nothing was reserved for VM web-1\n');
    expect((await run('reservations')).stdout).to.equal('no reservations\n');
  });

  it('print the messages of the contract with --json', async () => {
    const { reservation } = (await json('reserve', '--vm', 'web-1', '--host', 'two', '--ttl', '90s')) as {
      reservation: { startTime: string; endTime: string };
    };
    expect(Date.parse(reservation.endTime) - Date.parse(reservation.startTime)).to.equal(90_000);
    expect(reservation).to.include({ vmId: vmId(1), hostId: hostId(2), vmName: 'web-1', hostName: 'two' });
    expect(await json('reservations')).to.deep.equal({ reservations: [reservation] });
    expect(await json('release', '--vm', 'web-1')).to.deep.equal({ reservation });
    expect(await json('release', '--vm', 'web-1')).to.deep.equal({});
  });

  for (const [ttl, problem] of [
    ['999ms', 'from 1s to 1h'],
    ['61m', 'from 1s to 1h'],
    ['5', 'expected a duration such as'],
  ] as const) {
    it(`refuse --ttl ${ttl}`, async () => {
      const outcome = await run('reserve', '--vm', 'web-1', '--host', 'two', '--ttl', ttl);
      expect(errorText(outcome)).to.include('UsageError').and.include(problem);
    });
  }

  it('say which host or VM is unknown', async () => {
    const host = await run('reserve', '--vm', 'web-1', '--host', 'three');
    expect(errorText(host)).to.include('--host three: no host has this name');
    const vm = await run('reserve', '--vm', vmId(9), '--host', 'two');
    expect(errorText(vm)).to.include(`the engine has no VM ${vmId(9)}`);
  });
});
