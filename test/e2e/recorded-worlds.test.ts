import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import type { ScoreHostsRequest } from '../../src/domain/contract.js';
import { recordedWorld } from '../../src/simulator/recorded-world.js';
import { byHost, startScoring, type Scoring } from '../support/scoring.js';

interface Case {
  readonly title: string;
  readonly vm: string;
  readonly request?: Partial<ScoreHostsRequest>;
  readonly scores: Readonly<Record<string, number>>;
}

const properties = (entries: Readonly<Record<string, string>>): Partial<ScoreHostsRequest> => ({
  properties: new Map(Object.entries(entries)),
});

const GUEST = { os_identity: 'guest' };
const WITHOUT_SELF = { count_self: 'false' };

const BODH1 = 'ce40bb38-f10a-43f3-8e15-d0ffad692a19';
const BODH2 = '9be35c00-6523-4c2f-89d2-680a6b6da4c0';
const CFME2 = '5de3f25c-f530-4d10-aed0-177f7736f35f';
const BODNOPOZ_TEST_5 = '848d9f0c-c171-48a2-864c-f454c8eeae37';
const VMSKI1 = '78e0ac3b-6bda-4e80-bfd7-ecb8432d44fd';

/**
 * bodh1 is non_responsive and empty. On bodh2 run 4 VMs of os.type "other": the guest agents of cfme2 and vm_test_28
 * report CentOS Linux 7, bodnopoz_test_5 and bodnozpo_test_4 have none. vmski1 is down, "other", without a report.
 */
const lans: readonly Case[] = [
  { title: 'cfme2, every host that is up: bodh2 (4 x 100) / 4 = 100', vm: CFME2, scores: { [BODH2]: 100 } },
  {
    title: 'cfme2, bodh1 named although it does not respond: no VMs -> 0',
    vm: CFME2,
    request: { hosts: [BODH1, BODH2] },
    scores: { [BODH1]: 0, [BODH2]: 100 },
  },
  {
    title: 'cfme2 as guest, CentOS Linux 7: (2 x 100) / 4 = 50',
    vm: CFME2,
    request: properties(GUEST),
    scores: { [BODH2]: 50 },
  },
  {
    title: 'cfme2 as guest, itself not counted: (1 x 100) / 3 = 33',
    vm: CFME2,
    request: properties({ ...GUEST, ...WITHOUT_SELF }),
    scores: { [BODH2]: 33 },
  },
  {
    title: 'bodnopoz_test_5 as guest, without an agent and so "other": (2 x 100) / 4 = 50',
    vm: BODNOPOZ_TEST_5,
    request: properties(GUEST),
    scores: { [BODH2]: 50 },
  },
  {
    title: 'cfme2 with weight 3: 3 x 100 = 300',
    vm: CFME2,
    request: { units: [{ name: 'ksm_same_os_score', weight: 3 }] },
    scores: { [BODH2]: 300 },
  },
  { title: 'vmski1, which is stopped: (4 x 100) / 4 = 100', vm: VMSKI1, scores: { [BODH2]: 100 } },
  {
    title: 'vmski1 as guest, without a report and so "other": (2 x 100) / 4 = 50',
    vm: VMSKI1,
    request: properties(GUEST),
    scores: { [BODH2]: 50 },
  },
  {
    title: 'vmski1 as guest, cfme2 assumed on bodh1: 0 of 1 -> 0, (2 x 100) / 3 = 66',
    vm: VMSKI1,
    request: {
      ...properties(GUEST),
      hosts: [BODH1, BODH2],
      assumedPlacements: [{ vmId: CFME2, hostId: BODH1 }],
    },
    scores: { [BODH1]: 0, [BODH2]: 66 },
  },
];

const H1 = 'dc0e9719-0189-49b1-81dc-b3db078a8ed0';
const H2 = '72877001-6012-4921-bdd2-3ff17043083e';
const DEBBIE = 'ca7e8d64-0fc7-45de-b258-ae471ea31056';
const VM_ON = 'e23898b2-0540-456c-a1ce-0df108c4df9a';
const RHEL_SEVEN = '882b9a7c-f3f0-49a3-bda6-1ee289a6adf0';

/** On H1 runs Debbie, on H2 run vm_off and vm_on; all three are other_linux. */
const customAttributes: readonly Case[] = [
  { title: 'Debbie: (1 x 100) / 1 = 100, (2 x 100) / 2 = 100', vm: DEBBIE, scores: { [H1]: 100, [H2]: 100 } },
  {
    title: 'Debbie, itself not counted: H1 is empty then -> 0',
    vm: DEBBIE,
    request: properties(WITHOUT_SELF),
    scores: { [H1]: 0, [H2]: 100 },
  },
  {
    title: 'vm_on, assumed on H1: (2 x 100) / 2 = 100, (1 x 100) / 1 = 100',
    vm: VM_ON,
    request: { assumedPlacements: [{ vmId: VM_ON, hostId: H1 }] },
    scores: { [H1]: 100, [H2]: 100 },
  },
  {
    title: 'vm_on, both VMs of H2 assumed on H1: H2 is empty then -> 0',
    vm: VM_ON,
    request: {
      assumedPlacements: [
        { vmId: VM_ON, hostId: H1 },
        { vmId: 'a99773ed-28a3-4370-8240-df9e732bc3e1', hostId: H1 },
      ],
    },
    scores: { [H1]: 100, [H2]: 0 },
  },
];

/**
 * H1 and H2 are in clusters of their own. On H2 runs Debbie, other_linux; rhel_seven (rhel_7x64) and vm_on
 * (other_linux_kernel_4), which are down, belong to its cluster: only H2 can take them.
 */
const multiDatacenter: readonly Case[] = [
  { title: 'Debbie, of the cluster of H2: (1 x 100) / 1 = 100', vm: DEBBIE, scores: { [H2]: 100 } },
  { title: 'rhel_seven, stopped: 0 of 1 -> 0', vm: RHEL_SEVEN, scores: { [H2]: 0 } },
  {
    title: 'vm_on as family: other_linux_kernel 4 is no other_linux -> 0',
    vm: VM_ON,
    request: properties({ os_identity: 'family' }),
    scores: { [H2]: 0 },
  },
  {
    title: 'Debbie, rhel_seven assumed beside it: (1 x 100) / 2 = 50',
    vm: DEBBIE,
    request: { assumedPlacements: [{ vmId: RHEL_SEVEN, hostId: H2 }] },
    scores: { [H2]: 50 },
  },
];

const worlds = {
  ovirt_lans_refresh_recording: lans,
  ovirt_sdk_refresh_recording_custom_attrs: customAttributes,
  refresher_multi_datacenter_network_recording: multiDatacenter,
};

for (const [folder, cases] of Object.entries(worlds)) {
  describe(`scores of the recorded engine ${folder}`, () => {
    let scoring: Scoring;
    before(async () => {
      const path = fileURLToPath(new URL(`../fixtures/recorded/${folder}`, import.meta.url));
      scoring = await startScoring(recordedWorld(path));
    });
    after(() => scoring.close());

    for (const { title, vm, request, scores } of cases) {
      it(title, async () => {
        const response = await scoring.score(vm, request);
        expect(byHost(response)).to.deep.equal(scores);
        expect(response.unknownHostIds).to.deep.equal([]);
        expect(response.unitResults.map(({ failure }) => failure)).to.deep.equal([undefined]);
      });
    }
  });
}
