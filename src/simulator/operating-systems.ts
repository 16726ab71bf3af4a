/** Report of the guest agent of a running VM, in the words of `guest_operating_system`. */
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
  /** Undefined where no agent is installed. */
  readonly guestOs: GuestReport | undefined;
}

const RHEL = 'Red Hat Enterprise Linux';

/**
 * A mix of operating systems such as sites run, each with how often it occurs, relative to the others. There are no ids
 * for CentOS, Rocky or Oracle, so that such guests run as rhel_*; ids are chosen once and guests upgraded later, so that a
 * rhel_8x64 may run version 9.
 */
const OPERATING_SYSTEMS: readonly (readonly [share: number, osType: string, guestOs?: GuestReport])[] = [
  [14, 'rhel_9x64', linux('Rocky Linux', '9.4', '5.14.0-427.13.1.el9_4.x86_64')],
  [12, 'rhel_9x64', linux(RHEL, '9.4', '5.14.0-427.24.1.el9_4.x86_64')],
  [5, 'rhel_9x64'],
  [12, 'rhel_8x64', linux(RHEL, '8.10', '4.18.0-553.el8_10.x86_64')],
  [6, 'rhel_8x64', linux('AlmaLinux', '8.10', '4.18.0-553.5.1.el8_10.x86_64')],
  [3, 'rhel_8x64', linux('Oracle Linux Server', '9.4', '5.15.0-206.153.7.el9uek.x86_64')],
  [8, 'rhel_7x64', linux('CentOS Linux', '7', '3.10.0-1160.119.1.el7.x86_64')],
  [2, 'rhel_6x64'],
  [7, 'windows_2022', windows('Win 2016')],
  [8, 'windows_2019x64', windows('Win 2016')],
  [4, 'windows_2016x64'],
  [2, 'windows_2012R2x64'],
  [2, 'windows_10x64', windows('Win 10')],
  [4, 'ubuntu_18_04', linux('Ubuntu', '22.04', '5.15.0-107-generic')],
  [3, 'debian_9', linux('Debian GNU/Linux', '12', '6.1.0-21-amd64')],
  [2, 'sles_11', linux('SLES', '15.5', '5.14.21-150500.55.62-default')],
  [4, 'other_linux', linux('Fedora Linux', '40', '6.8.9-300.fc40.x86_64')],
  [2, 'other'],
];

const TOTAL_SHARE = OPERATING_SYSTEMS.reduce((sum, [share]) => sum + share, 0);

/** Picks an operating system as often as sites run it. `below` gives an integer from 0 to below its argument. */
export function pickOperatingSystem(below: (bound: number) => number): OperatingSystem {
  let ticket = below(TOTAL_SHARE);
  for (const [share, osType, guestOs] of OPERATING_SYSTEMS) {
    ticket -= share;
    if (ticket < 0) return { osType, guestOs };
  }
  throw new RangeError(`below(${TOTAL_SHARE}) gave a number out of its range`);
}

function linux(distribution: string, version: string, kernel: string): GuestReport {
  return { family: 'Linux', distribution, version, codename: '', kernel };
}

function windows(codename: string): GuestReport {
  return { family: 'Windows', distribution: '', version: '10.0', codename, kernel: '' };
}
