import { OS_IDENTITIES, type Os } from '../../domain/os-identity.js';
import type { Host } from '../../domain/snapshot.js';
import { choiceProperty, flagProperty } from '../property.js';
import type { ScoreUnit } from '../unit.js';

/** Points for a VM whose OS equals the scheduled VM's in type and version. */
const EQUAL_POINTS = 100;

/** Points for a VM whose OS equals the scheduled VM's in type only: some pages are still the same. */
const SAME_TYPE_POINTS = 20;

const osIdentity = choiceProperty({
  name: 'os_identity',
  choices: OS_IDENTITIES,
  defaultValue: 'configured',
  description:
    'Which operating system is compared: the configured os.type; family and version read out of it; or what the guest agent reports.',
});

const countSelf = flagProperty({
  name: 'count_self',
  defaultValue: true,
  description: 'Whether the VM being scheduled counts on the host where it runs.',
});

/**
 * Ranks a host higher the more of its running VMs have the OS of the VM being scheduled, so that kernel same-page merging
 * finds more equal pages: (100 x equal + 20 x same type only) / VMs, rounded down; 0 without VMs.
 */
export const ksmSameOsScore: ScoreUnit = {
  type: 'SCORE',
  direction: 'HIGHER_IS_BETTER',
  name: 'ksm_same_os_score',
  description:
    'Ranks a host higher the more of its running VMs have the OS of the VM being scheduled, so that kernel same-page merging finds more equal pages.',
  properties: [osIdentity, countSelf],
  readsGuestReports: (properties) => osIdentity.read(properties) === 'guest',
  prepare({ snapshot, vm, properties }) {
    const identity = osIdentity.read(properties);
    const os = vm.os[identity];
    const { equal, sameType } = snapshot.os[identity].match(os);
    const ownHost = countSelf.read(properties) ? undefined : snapshot.host(snapshot.vm(vm.id)?.hostId ?? '');
    // On its own host the VM counts among those with an equal OS.
    const ownPart = ({ index }: Host): number => (index === ownHost?.index ? 1 : 0);
    const vmsOf = (host: Host): number => (snapshot.vmCounts[host.index] ?? 0) - ownPart(host);
    const equalOf = (host: Host): number => (equal[host.index] ?? 0) - ownPart(host);
    const sameTypeOf = ({ index }: Host): number => sameType[index] ?? 0;

    const score = (host: Host): number => {
      const vms = vmsOf(host);
      if (vms === 0) return 0;
      return Math.floor((EQUAL_POINTS * equalOf(host) + SAME_TYPE_POINTS * sameTypeOf(host)) / vms);
    };

    return {
      score,
      explain(host) {
        const others = ownPart(host) === 1 ? ' besides this one' : '';
        const [vms, equal, sameType] = [vmsOf(host), equalOf(host), sameTypeOf(host)];
        if (vms === 0) return `no VMs run here${others}, so nothing can be shared`;
        return (
          `${vms} VMs run here${others}: ${equal} with the same OS (${osWords(os)}) and ${sameType} with its type only: ` +
          `(${EQUAL_POINTS} x ${equal} + ${SAME_TYPE_POINTS} x ${sameType}) / ${vms} = ${score(host)}`
        );
      },
    };
  },
};

function osWords({ type, version }: Os): string {
  const name = type ?? 'unknown OS';
  return version === undefined ? name : `${name} ${version}`;
}
