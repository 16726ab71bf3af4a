/** An operating system for comparison. Its type and its version may be unknown. */
export interface Os {
  readonly type: string | undefined;
  readonly version: string | undefined;
}

/** The operating system that the guest agent of a running VM reported. */
export interface GuestOs {
  readonly distribution: string;
  readonly version: string | undefined;
}

/**
 * The ways to identify a VM's operating system: as the administrator configured it; as family and version parsed from the
 * configured id; as the guest agent reports it, else as the family.
 */
export const OS_IDENTITIES = ['configured', 'family', 'guest'] as const;

/** One of {@link OS_IDENTITIES}. */
export type OsIdentity = (typeof OS_IDENTITIES)[number];

/** A VM's operating system under each identity. */
export type OsByIdentity = Readonly<Record<OsIdentity, Os>>;

/** Returns a VM's operating system under each identity. */
export function identifyOs(configured: Os, guest: GuestOs | undefined): OsByIdentity {
  const family = osFamily(configured.type);
  return {
    configured,
    family,
    guest: guest === undefined ? family : { type: guest.distribution, version: guest.version },
  };
}

// The families of the engine's own ids (packaging/conf/osinfo-defaults.properties). Longer names stand first, since the
// first match wins: other_linux_kernel_4 is no other_linux.
const FAMILY_ID =
  /^(?<family>other_linux_kernel|other_linux|other|rhel_atomic|rhel|rhcos|sles|ubuntu|debian|freebsd|windows)(?:_?(?<version>xp|\d+(?:_\d+)*(?:_plus)?(?:R\d)?))?(?:_?(?:x64|ppc64|s390x))?$/;

/**
 * Parses family and version from one of the engine's os.type ids: `rhel_8x64` -> rhel 8, `windows_2012R2x64` -> windows
 * 2012R2, `ubuntu_18_04` -> ubuntu 18.04, `rhel_6_9_plus_ppc64` -> rhel 6.9+, `other_linux` -> other_linux without a
 * version. A custom id of a site is a family of its own, without a version.
 */
export function osFamily(osType: string | undefined): Os {
  const groups = osType === undefined ? undefined : FAMILY_ID.exec(osType)?.groups;
  if (groups === undefined) return { type: osType, version: undefined };
  return {
    type: groups['family'],
    version: groups['version']?.replace('_plus', '+').replaceAll('_', '.'),
  };
}
