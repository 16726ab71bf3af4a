import type { Snapshot, Vm } from '../src/domain/snapshot.js';
import { ksmSameOsScore } from '../src/scoring/units/ksm-same-os-score.js';
import { pickOperatingSystem } from '../src/simulator/operating-systems.js';
import { seededRandom } from '../src/simulator/seeded-random.js';
import { host, snapshotOf, vm } from '../test/support/world.js';
import { measure, QUICK, rowOf } from './measure.js';
import { cpuMsOf } from './processes.js';
import { report, type Row } from './report.js';

// The score of ksm_same_os_score alone, without a call around it, against what a unit would do that goes through the VMs in
// each call: once for all hosts, or once for each host, as one does that asks which VMs a host has.
const SIZES = QUICK ? [1000, 20_000] : [1000, 5000, 20_000, 100_000];
const VMS_A_HOST = 20;
const own = { cpuMs: () => cpuMsOf(process.pid) };

/** Returns the score of each host from a pass over all VMs. */
function inOnePass({ hosts }: Snapshot, vms: readonly Vm[], { os }: Vm): readonly number[] {
  const sums = new Map<string | undefined, { points: number; vms: number }>();
  for (const { hostId, os: other } of vms) {
    const sum = sums.get(hostId) ?? { points: 0, vms: 0 };
    sums.set(hostId, sum);
    sum.points += pointsOf(other.configured, os.configured);
    sum.vms++;
  }
  return hosts.map(({ id }) => {
    const { points = 0, vms = 1 } = sums.get(id) ?? {};
    return Math.floor(points / vms);
  });
}

/** Returns the score of each host from a pass over all VMs for each. */
function aPassForEach({ hosts }: Snapshot, all: readonly Vm[], { os }: Vm): readonly number[] {
  return hosts.map(({ id }) => {
    const vms = all.filter(({ hostId }) => hostId === id);
    const points = vms.reduce((sum, { os: other }) => sum + pointsOf(other.configured, os.configured), 0);
    return vms.length === 0 ? 0 : Math.floor(points / vms.length);
  });
}

function pointsOf(left: Vm['os']['configured'], right: Vm['os']['configured']): number {
  if (left.type !== right.type) return 0;
  return left.version === right.version ? 100 : 20;
}

/** What the unit does for a request. */
function byTheUnit(snapshot: Snapshot, _: readonly Vm[], vm: Vm): readonly number[] {
  const { score } = ksmSameOsScore.prepare({ snapshot, vm, hosts: snapshot.hosts, properties: new Map() });
  return snapshot.hosts.map(score);
}

const rows: Row[] = [];
const points = new Map<string, [number, number][]>();
for (const size of SIZES) {
  const random = seededRandom(7);
  const hosts = Array.from({ length: size / VMS_A_HOST }, (_, n) => host(n));
  const vms = Array.from({ length: size }, (_, n) =>
    vm(n, pickOperatingSystem(random.below).osType, { on: random.below(hosts.length) }),
  );
  const snapshot = snapshotOf(hosts, vms);
  const [scheduled] = vms;
  if (scheduled === undefined) continue;
  const ways = { 'the unit': byTheUnit, 'a pass a call': inOnePass, 'a pass a host': aPassForEach };
  const answers = Object.values(ways).map((score) => score(snapshot, vms, scheduled).join());
  if (new Set(answers).size !== 1) throw new Error('the ways give different scores');
  const figures = await measure(
    Object.entries(ways).map(([name, score]) => ({
      name,
      servers: [own],
      run(calls) {
        for (let n = 0; n < calls; n++) score(snapshot, vms, scheduled);
        return Promise.resolve();
      },
    })),
    { mostMs: 4000 },
  );
  for (const each of figures) {
    rows.push(rowOf(each, { VMs: size, hosts: hosts.length }));
    points.set(each.name, [...(points.get(each.name) ?? []), [size, each.cpuMs]]);
  }
}
report('score', rows, [
  {
    title: 'CPU of the score of all hosts for one VM',
    x: 'VMs',
    y: 'ms',
    series: [...points].map(([name, points]) => ({ name, points })),
  },
]);
