import { apiHref, apiLink, CLUSTER_ID, subLinks } from './api-links.js';
import type { JsonObject, JsonValue } from './pretty-json.js';
import type { HostLoad, WorldHost } from './world.js';

const ACTIONS = [
  ...['refresh', 'install', 'activate', 'deactivate', 'upgrade', 'approve', 'commitnetconfig', 'fence'],
  ...[
    'enrollcertificate',
    'forceselectspm',
    'iscsidiscover',
    'iscsilogin',
    'upgradecheck',
    'copyhostnetworks',
  ],
  ...['unregisteredstoragedomainsdiscover', 'syncallnetworks', 'setupnetworks'],
];
const LINKS = [
  ...['fenceagents', 'devices', 'hooks', 'nics', 'numanodes', 'storage', 'networkattachments', 'cpuunits'],
  ...['storageconnectionextensions', 'unmanagednetworks', 'externalnetworkproviderconfigurations'],
  ...['affinitylabels', 'katelloerrata', 'permissions', 'tags', 'statistics'],
];
const KERNEL = '5.14.0-503.el9.x86_64';

/**
 * The object that the engine answers for a host. A recorded one is its own JSON, with its status and its count of VMs
 * changed where they changed since.
 */
export function hostJson(host: WorldHost, load: HostLoad): JsonObject {
  const summary = { active: String(load.vms), migrating: '0', total: String(load.vms) };
  if (host.recorded !== undefined) return { ...host.recorded, status: host.status, summary };
  const href = apiHref('hosts', host.id);
  return {
    actions: { link: subLinks(href, ACTIONS) },
    name: host.name,
    comment: '',
    link: subLinks(href, LINKS),
    address: `${host.name}.example.test`,
    auto_numa_status: 'unknown',
    certificate: { organization: 'example.test', subject: `O=example.test,CN=${host.name}.example.test` },
    cpu: {
      name: 'AMD EPYC 7543 32-Core Processor',
      speed: 2794.748,
      topology: { cores: '32', sockets: '2', threads: '2' },
      type: 'Secure AMD EPYC',
    },
    device_passthrough: { enabled: 'false' },
    external_status: 'ok',
    hardware_information: {
      manufacturer: 'Example',
      product_name: 'Pretend Server',
      supported_rng_sources: { supported_rng_source: ['hwrng', 'random'] },
      uuid: host.id.toUpperCase(),
      version: '1.0',
    },
    iscsi: { initiator: `iqn.2026-01.test.example:${host.name}` },
    kdump_status: 'enabled',
    ksm: { enabled: 'true' },
    libvirt_version: versionJson('libvirt-10.10.0-2.el9', '10', '10'),
    max_scheduling_memory: String(Math.max(0, host.memory - load.memory)),
    memory: String(host.memory),
    numa_supported: 'true',
    os: {
      custom_kernel_cmdline: '',
      description: 'CentOS Stream 9',
      reported_kernel_cmdline: `BOOT_IMAGE=(hd0,msdos1)/vmlinuz-${KERNEL} root=/dev/mapper/onn-root ro quiet`,
      type: 'RHEL',
      version: { full_version: '9 - 26.el9', major: '9' },
    },
    port: '54321',
    power_management: {
      automatic_pm_enabled: 'true',
      enabled: 'false',
      kdump_detection: 'true',
      pm_proxies: {},
    },
    protocol: 'stomp',
    reinstallation_required: 'false',
    se_linux: { mode: 'enforcing' },
    spm: { priority: '5', status: 'none' },
    ssh: { fingerprint: 'SHA256:this-is-no-fingerprint', port: '22' },
    status: host.status,
    summary,
    transparent_hugepages: { enabled: 'true' },
    type: 'rhel',
    update_available: 'false',
    version: versionJson('vdsm-4.50.5.1-1.el9', '4', '50'),
    vgpu_placement: 'consolidated',
    cluster: apiLink('clusters', CLUSTER_ID),
    href,
    id: host.id,
  };
}

function versionJson(fullVersion: string, major: string, minor: string): JsonValue {
  return { build: '0', full_version: fullVersion, major, minor, revision: '0' };
}
