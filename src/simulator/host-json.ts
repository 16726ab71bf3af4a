import { createHash } from 'node:crypto';
import { apiHref, apiLink, subLinks, type JsonObject } from './json.js';
import type { HostLoad, WorldHost } from './world.js';

const ACTIONS = (
  'refresh install activate deactivate upgrade approve commitnetconfig fence enrollcertificate forceselectspm ' +
  'iscsidiscover iscsilogin upgradecheck copyhostnetworks unregisteredstoragedomainsdiscover syncallnetworks setupnetworks'
).split(' ');
const LINKS = (
  'fenceagents devices hooks nics numanodes storage networkattachments cpuunits storageconnectionextensions ' +
  'unmanagednetworks externalnetworkproviderconfigurations affinitylabels katelloerrata permissions tags statistics'
).split(' ');
const KERNEL = '5.14.0-503.el9.x86_64';

/**
 * Returns the object that the engine answers for a host. A recorded one is its own JSON, with its name, its status and its count of VMs
 * changed where they changed since.
 */
export function hostJson(host: WorldHost, load: HostLoad): JsonObject {
  const summary = { active: String(load.upVms), migrating: '0', total: String(load.vms) };
  if (host.recorded !== undefined) return { ...host.recorded, name: host.name, status: host.status, summary };
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
    cluster: apiLink('clusters', host.clusterId),
    href,
    id: host.id,
  };
}

function versionJson(fullVersion: string, major: string, minor: string): JsonObject {
  return { build: '0', full_version: fullVersion, major, minor, revision: '0' };
}

const BOOT_TIME = Date.UTC(2026, 0, 1) / 1_000;
const SWAP = 4 * 2 ** 30;

type Unit = 'bytes' | 'percent' | 'none';
type Datum = (host: WorldHost, usedMemory: number) => number;

const STATISTICS: readonly (readonly [name: string, description: string, unit: Unit, datum: Datum])[] = [
  ['memory.total', 'Total memory', 'bytes', (host) => host.memory],
  ['memory.used', 'Used memory', 'bytes', (_, usedMemory) => usedMemory],
  ['memory.free', 'Free memory', 'bytes', (host, usedMemory) => host.memory - usedMemory],
  ['memory.shared', 'Shared memory', 'bytes', () => 0],
  ['swap.total', 'Total swap', 'bytes', () => SWAP],
  ['swap.free', 'Free swap', 'bytes', () => SWAP],
  ['swap.used', 'Used swap', 'bytes', () => 0],
  ['ksm.cpu.current', 'KSM CPU usage', 'percent', () => 0],
  ['cpu.current.user', 'User CPU usage', 'percent', () => 12],
  ['cpu.current.system', 'System CPU usage', 'percent', () => 3],
  ['cpu.current.idle', 'Idle CPU usage', 'percent', () => 85],
  ['cpu.load.avg.5m', 'CPU 5 minute load average', 'percent', () => 0.56],
  ['boot.time', 'Boot time of the machine', 'none', () => BOOT_TIME],
];

const STATISTIC_IDS = new Map(STATISTICS.map(([name]) => [name, uuidOfName(name)]));

/**
 * Returns the statistics of a host. Memory in use is total x percent / 100, the percentage an integer, because the engine
 * works it out that way; here it follows from the memory of the VMs that run unless the host was told, and a host that is up uses 1 % at least. Of
 * a host that is not up the engine knows nothing, and says that nothing is in use and all is free.
 */
export function statisticsJson(host: WorldHost, load: HostLoad): JsonObject {
  if (host.recordedStatistics !== undefined && host.usedMemory === undefined) return host.recordedStatistics;
  const percent = Math.floor(((host.usedMemory ?? load.memory) / Math.max(1, host.memory)) * 100);
  const usedPercent = host.status === 'up' ? Math.min(100, Math.max(1, percent)) : 0;
  const usedMemory = Math.floor((host.memory * usedPercent) / 100);
  const statistic = STATISTICS.map(([name, description, unit, datum]): JsonObject => {
    const id = STATISTIC_IDS.get(name);
    return {
      name,
      description,
      kind: 'gauge',
      type: unit === 'percent' ? 'decimal' : 'integer',
      unit,
      values: { value: [{ datum: datum(host, usedMemory) }] },
      host: apiLink('hosts', host.id),
      href: `${apiHref('hosts', host.id)}/statistics/${id}`,
      id,
    };
  });
  return { statistic };
}

/** Returns the version 3 UUID of a name in no namespace, as Java's nameUUIDFromBytes: the same on every host of every engine. */
function uuidOfName(name: string): string {
  const bytes = createHash('md5').update(name).digest();
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x30, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}
