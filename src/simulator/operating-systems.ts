/** What the guest agent of a running VM reports, in the words of `guest_operating_system`. */
export interface GuestReport {
  readonly family: 'Linux' | 'Windows';
  /** Empty for Windows: the agent names none (vdsm's translate_windows_osinfo). */
  readonly distribution: string;
  /** Version in full, such as `9.4`; for Windows the one of its kernel, such as `10.0`. */
  readonly version: string;
  readonly codename: string;
  /** Release of a Linux kernel, such as `5.14.0-427.el9.x86_64`; empty for Windows. */
  readonly kernel: string;
}

/** An operating system as sites run it: the id that the administrator chose, and what the agent in it reports. */
export interface OperatingSystem {
  /** One of the engine's os.type ids (packaging/conf/osinfo-defaults.properties). */
  readonly osType: string;
  /** Absent where no agent is installed. */
  readonly guestOs?: GuestReport;
  /** How often it occurs, relative to the others. */
  readonly share: number;
}

/**
 * A mix of operating systems such as sites run. There are no ids for CentOS, Rocky or Oracle, so that such guests run as
 * rhel_*; ids are chosen once and guests upgraded later, so that a rhel_8x64 may run version 9.
 */
export const OPERATING_SYSTEMS: readonly OperatingSystem[] = [
  { osType: 'rhel_9x64', share: 14, guestOs: linux('Rocky Linux', '9.4', '5.14.0-427.13.1.el9_4.x86_64') },
  {
    osType: 'rhel_9x64',
    share: 12,
    guestOs: linux('Red Hat Enterprise Linux', '9.4', '5.14.0-427.24.1.el9_4.x86_64'),
  },
  { osType: 'rhel_9x64', share: 5 },
  {
    osType: 'rhel_8x64',
    share: 12,
    guestOs: linux('Red Hat Enterprise Linux', '8.10', '4.18.0-553.el8_10.x86_64'),
  },
  { osType: 'rhel_8x64', share: 6, guestOs: linux('AlmaLinux', '8.10', '4.18.0-553.5.1.el8_10.x86_64') },
  {
    osType: 'rhel_8x64',
    share: 3,
    guestOs: linux('Oracle Linux Server', '9.4', '5.15.0-206.153.7.el9uek.x86_64'),
  },
  { osType: 'rhel_7x64', share: 8, guestOs: linux('CentOS Linux', '7', '3.10.0-1160.119.1.el7.x86_64') },
  { osType: 'rhel_6x64', share: 2 },
  { osType: 'windows_2022', share: 7, guestOs: windows('Win 2016') },
  { osType: 'windows_2019x64', share: 8, guestOs: windows('Win 2016') },
  { osType: 'windows_2016x64', share: 4 },
  { osType: 'windows_2012R2x64', share: 2 },
  { osType: 'windows_10x64', share: 2, guestOs: windows('Win 10') },
  { osType: 'ubuntu_18_04', share: 4, guestOs: linux('Ubuntu', '22.04', '5.15.0-107-generic') },
  { osType: 'debian_9', share: 3, guestOs: linux('Debian GNU/Linux', '12', '6.1.0-21-amd64') },
  { osType: 'sles_11', share: 2, guestOs: linux('SLES', '15.5', '5.14.21-150500.55.62-default') },
  { osType: 'other_linux', share: 4, guestOs: linux('Fedora Linux', '40', '6.8.9-300.fc40.x86_64') },
  { osType: 'other', share: 2 },
];

const TOTAL_SHARE = OPERATING_SYSTEMS.reduce((sum, { share }) => sum + share, 0);

/** Picks from {@link OPERATING_SYSTEMS} by share. `below` gives an integer from 0 to below its argument. */
export function pickOperatingSystem(below: (bound: number) => number): OperatingSystem {
  let ticket = below(TOTAL_SHARE);
  for (const candidate of OPERATING_SYSTEMS) {
    ticket -= candidate.share;
    if (ticket < 0) return candidate;
  }
  throw new RangeError(`below(${TOTAL_SHARE}) gave a number out of its range`);
}

function linux(distribution: string, version: string, kernel: string): GuestReport {
  return { family: 'Linux', distribution, version, codename: '', kernel };
}

function windows(codename: string): GuestReport {
  return { family: 'Windows', distribution: '', version: '10.0', codename, kernel: '' };
}
