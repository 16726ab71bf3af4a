import { expect } from 'chai';
import { identifyOs, osFamily } from '../../src/domain/os-identity.js';

/** Every os.type id of packaging/conf/osinfo-defaults.properties, with the family and version read out of it. */
const ENGINE_IDS: readonly (readonly [id: string, family: string, version: string | undefined])[] = [
  ['other_linux', 'other_linux', undefined],
  ['rhel_3', 'rhel', '3'],
  ['rhel_3x64', 'rhel', '3'],
  ['rhel_4', 'rhel', '4'],
  ['rhel_4x64', 'rhel', '4'],
  ['rhel_5', 'rhel', '5'],
  ['rhel_5x64', 'rhel', '5'],
  ['rhel_6', 'rhel', '6'],
  ['rhel_6x64', 'rhel', '6'],
  ['rhel_7x64', 'rhel', '7'],
  ['rhel_8x64', 'rhel', '8'],
  ['rhel_9x64', 'rhel', '9'],
  ['rhel_10x64', 'rhel', '10'],
  ['rhcos_x64', 'rhcos', undefined],
  ['rhel_atomic7x64', 'rhel_atomic', '7'],
  ['other_linux_kernel_4', 'other_linux_kernel', '4'],
  ['sles_11', 'sles', '11'],
  ['ubuntu_12_04', 'ubuntu', '12.04'],
  ['ubuntu_12_10', 'ubuntu', '12.10'],
  ['ubuntu_13_04', 'ubuntu', '13.04'],
  ['ubuntu_13_10', 'ubuntu', '13.10'],
  ['ubuntu_14_04', 'ubuntu', '14.04'],
  ['ubuntu_18_04', 'ubuntu', '18.04'],
  ['debian_7', 'debian', '7'],
  ['debian_9', 'debian', '9'],
  ['windows_xp', 'windows', 'xp'],
  ['windows_2003', 'windows', '2003'],
  ['windows_2003x64', 'windows', '2003'],
  ['windows_2008', 'windows', '2008'],
  ['windows_2008x64', 'windows', '2008'],
  ['windows_2008R2x64', 'windows', '2008R2'],
  ['windows_7', 'windows', '7'],
  ['windows_7x64', 'windows', '7'],
  ['windows_8', 'windows', '8'],
  ['windows_8x64', 'windows', '8'],
  ['windows_2012x64', 'windows', '2012'],
  ['windows_2012R2x64', 'windows', '2012R2'],
  ['windows_10', 'windows', '10'],
  ['windows_10x64', 'windows', '10'],
  ['windows_2016x64', 'windows', '2016'],
  ['windows_2019x64', 'windows', '2019'],
  ['windows_11', 'windows', '11'],
  ['windows_2022', 'windows', '2022'],
  ['windows_2025', 'windows', '2025'],
  ['other', 'other', undefined],
  ['freebsd', 'freebsd', undefined],
  ['freebsdx64', 'freebsd', undefined],
  ['other_ppc64', 'other', undefined],
  ['other_linux_ppc64', 'other_linux', undefined],
  ['rhel_6_ppc64', 'rhel', '6'],
  ['rhel_6_9_plus_ppc64', 'rhel', '6.9+'],
  ['rhel_7_ppc64', 'rhel', '7'],
  ['rhel_8_ppc64', 'rhel', '8'],
  ['rhel_9_ppc64', 'rhel', '9'],
  ['sles_11_ppc64', 'sles', '11'],
  ['ubuntu_14_04_ppc64', 'ubuntu', '14.04'],
  ['other_s390x', 'other', undefined],
  ['other_linux_s390x', 'other_linux', undefined],
  ['rhel_7_s390x', 'rhel', '7'],
  ['sles_12_s390x', 'sles', '12'],
  ['ubuntu_16_04_s390x', 'ubuntu', '16.04'],
];

/** Ids that a site made itself stay whole, however much they look like others. */
const SITE_IDS = [
  'centos_9x64',
  'rhel_9_hardened',
  'Windows_2022',
  'windows_2012r2x64',
  'RHEL_8x64',
  'rhel_x',
  '',
  ' other',
  'rhel_8x64 ',
];

describe('osFamily', () => {
  it('is tested with all 61 ids of the engine', () => {
    expect(new Set(ENGINE_IDS.map(([id]) => id)).size).to.equal(61);
  });
  for (const [id, type, version] of ENGINE_IDS) {
    it(`${id} -> ${type}, ${version ?? 'no version'}`, () => {
      expect(osFamily(id)).to.deep.equal({ type, version });
    });
  }
  for (const id of SITE_IDS) {
    it(`keeps "${id}" whole`, () => {
      expect(osFamily(id)).to.deep.equal({ type: id, version: undefined });
    });
  }
  it('knows nothing of no id', () => {
    expect(osFamily(undefined)).to.deep.equal({ type: undefined, version: undefined });
  });
});

describe('identifyOs', () => {
  const configured = { type: 'rhel_8x64', version: undefined };

  it('takes the guest identity from the report when there is one', () => {
    expect(identifyOs(configured, { distribution: 'CentOS Linux', version: '7' })).to.deep.equal({
      configured,
      family: { type: 'rhel', version: '8' },
      guest: { type: 'CentOS Linux', version: '7' },
    });
  });

  it('takes the guest identity from the family when there is none', () => {
    expect(identifyOs(configured, undefined).guest).to.deep.equal({ type: 'rhel', version: '8' });
  });
});
