/** Ids and bodies that tests of the inventory share. */
export const HOST = '72877001-6012-4921-bdd2-3ff17043083e';

/** The one cluster, of the one host and every VM. */
export const CLUSTER = '1930506d-6012-4921-bdd2-3ff17043083e';

/** The id of the nth VM. */
export function vmId(nth: number): string {
  return `882b9a7c-0000-4000-8000-${nth.toString(16).padStart(12, '0')}`;
}

/** A VM as the engine writes it, with more than is needed. */
export function engineVm(nth: number, more: object = {}): object {
  return {
    id: vmId(nth),
    href: `/ovirt-engine/api/vms/${vmId(nth)}`,
    name: `vm${nth}`,
    status: 'up',
    memory: '1073741824',
    cluster: { id: CLUSTER, href: `/ovirt-engine/api/clusters/${CLUSTER}` },
    host: { id: HOST, href: `/ovirt-engine/api/hosts/${HOST}` },
    os: { type: 'rhel_8x64', boot: { devices: { device: ['hd'] } } },
    ...more,
  };
}

/** The one host, as the engine writes it. */
export function engineHost(more: object = {}): object {
  return { id: HOST, name: 'H1', status: 'up', cluster: { id: CLUSTER }, ksm: { enabled: 'false' }, ...more };
}
