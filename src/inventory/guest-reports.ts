import type { GuestOs } from '../domain/os-identity.js';

/** The last thing that the guest agent of each VM said of its operating system: a VM that stopped says nothing. */
export interface GuestReports {
  readonly remember: (vmId: string, guest: GuestOs) => void;
  /** The last report of that VM, or none. */
  readonly last: (vmId: string) => GuestOs | undefined;
}

/** How many VMs' reports are kept. */
export const MAX_GUEST_REPORTS = 250_000;

/** Starts without reports. Beyond `max` VMs, those whose report changed longest ago are forgotten. */
export function createGuestReports(max: number): GuestReports {
  const reports = new Map<string, GuestOs>();
  return {
    remember(vmId, guest) {
      // The same again is no news, and 100,000 entries put anew at every reading are a lot of garbage.
      const before = reports.get(vmId);
      if (before?.distribution === guest.distribution && before.version === guest.version) return;
      // Taken out first, so that the map's order is that of the last change.
      reports.delete(vmId);
      reports.set(vmId, guest);
      if (reports.size <= max) return;
      for (const oldest of reports.keys()) {
        reports.delete(oldest);
        break;
      }
    },
    last: (vmId) => reports.get(vmId),
  };
}
