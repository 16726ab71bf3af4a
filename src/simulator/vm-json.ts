import { apiHref, apiLink, CLUSTER_ID, subLinks } from './api-links.js';
import type { GuestReport } from './operating-systems.js';
import type { JsonObject, JsonValue } from './pretty-json.js';
import type { WorldVm } from './world.js';

const ACTIONS = [
  ...['detach', 'export', 'ticket', 'logon', 'freezefilesystems', 'maintenance', 'previewsnapshot'],
  ...['reordermacaddresses', 'thawfilesystems', 'undosnapshot', 'commitsnapshot', 'clone', 'cancelmigration'],
  ...['reboot', 'migrate', 'shutdown', 'start', 'stop', 'suspend'],
];
const LINKS = [
  ...['watchdogs', 'graphicsconsoles', 'diskattachments', 'cdroms', 'nics', 'numanodes', 'snapshots'],
  ...[
    'applications',
    'hostdevices',
    'reporteddevices',
    'sessions',
    'backups',
    'checkpoints',
    'affinitylabels',
  ],
  ...['katelloerrata', 'permissions', 'tags', 'statistics'],
];
const BLANK_TEMPLATE = '00000000-0000-0000-0000-000000000000';
const CREATION_TIME = Date.UTC(2025, 5, 2);

/** As long as the certificate that an engine puts into each running VM, and certifies nothing. */
const FILLER_CERTIFICATE = [
  '-----BEGIN CERTIFICATE-----',
  ...(Buffer.from('This is filler of a pretend engine. '.repeat(26))
    .toString('base64')
    .match(/.{1,64}/g) ?? []),
  '-----END CERTIFICATE-----',
  '',
].join('\n');

/** The object that the engine answers for a VM. A recorded one is its own JSON, changed where its state changed. */
export function vmJson(vm: WorldVm): JsonObject {
  if (vm.recorded !== undefined) return recordedVmJson(vm, vm.recorded);
  return assembleVm(vm, vm.guestOs === undefined ? undefined : guestReportJson(vm.guestOs));
}

/** Builds the object of a VM that wasn't recorded, with this as its guest_operating_system. */
export function assembleVm(vm: WorldVm, guestReport: JsonValue | undefined): JsonObject {
  const href = apiHref('vms', vm.id);
  const running = vm.hostId !== undefined;
  return {
    actions: { link: subLinks(href, ACTIONS) },
    name: vm.name,
    description: '',
    comment: '',
    link: subLinks(href, LINKS),
    auto_pinning_policy: 'disabled',
    bios: { boot_menu: { enabled: 'false' }, type: 'q35_secure_boot' },
    cpu: { architecture: 'x86_64', topology: { cores: '1', sockets: '2', threads: '1' } },
    cpu_pinning_policy: 'none',
    cpu_shares: '0',
    creation_time: CREATION_TIME,
    delete_protected: 'false',
    display: {
      ...(running
        ? {
            address: '192.0.2.10',
            certificate: {
              content: FILLER_CERTIFICATE,
              organization: 'example.test',
              subject: 'O=example.test,CN=host.example.test',
            },
            port: '5900',
            secure_port: '5901',
          }
        : {}),
      allow_override: 'false',
      copy_paste_enabled: 'true',
      disconnect_action: 'LOCK_SCREEN',
      disconnect_action_delay: '0',
      file_transfer_enabled: 'true',
      monitors: '1',
      single_qxl_pci: 'false',
      smartcard_enabled: 'false',
      type: 'vnc',
    },
    high_availability: { enabled: 'false', priority: '1' },
    io: { threads: '1' },
    large_icon: { href: '/ovirt-engine/api/icons/8049d860-cf22-4b1b-cf59-d2f228ecb9f2' },
    memory: String(vm.memory),
    memory_policy: { ballooning: 'true', guaranteed: String(vm.memory), max: String(vm.memory * 4) },
    migration: { auto_converge: 'inherit', compressed: 'inherit', encrypted: 'inherit' },
    migration_downtime: '-1',
    multi_queues_enabled: 'true',
    origin: 'ovirt',
    os: { boot: { devices: { device: ['hd'] } }, type: vm.osType },
    placement_policy: { affinity: affinityOf(vm) },
    small_icon: { href: '/ovirt-engine/api/icons/d6a560d7-054e-4bd6-faee-f0e3132d948d' },
    sso: { methods: { method: [{ id: 'guest_agent' }] } },
    start_paused: 'false',
    stateless: 'false',
    storage_error_resume_behaviour: 'auto_resume',
    time_zone: { name: 'Etc/GMT' },
    tpm_enabled: 'false',
    type: 'server',
    usb: { enabled: 'false' },
    virtio_scsi_multi_queues_enabled: 'false',
    cluster: apiLink('clusters', CLUSTER_ID),
    cpu_profile: { href: '/ovirt-engine/api/cpuprofiles/7e5344a6-3434-445a-9478-d989e1180fcf' },
    quota: { id: 'd3a5edf0-1330-4933-afb0-ed18ca5bd1c2' },
    custom_properties: {},
    guest_operating_system: running ? guestReport : undefined,
    next_run_configuration_exists: 'false',
    numa_tune_mode: 'interleave',
    run_once: running ? 'false' : undefined,
    start_time: running ? vm.startTime : undefined,
    status: vm.status,
    stop_time: vm.stopTime,
    host: running ? apiLink('hosts', vm.hostId) : undefined,
    original_template: apiLink('templates', BLANK_TEMPLATE),
    template: apiLink('templates', BLANK_TEMPLATE),
    href,
    id: vm.id,
  };
}

/** The affinity of a VM's placement policy. */
export function affinityOf({ affinity }: WorldVm): string {
  return affinity ?? 'migratable';
}

/** The guest_operating_system of a running VM: major and minor stand there as far as the version parses. */
export function guestReportJson(report: GuestReport): JsonObject {
  return {
    architecture: 'x86_64',
    codename: report.codename,
    distribution: report.distribution,
    family: report.family,
    kernel: report.kernel === '' ? undefined : { version: versionJson(report.kernel) },
    version: versionJson(report.version),
  };
}

function versionJson(fullVersion: string): JsonObject {
  const [, major, minor, build, revision] =
    /^(\d+)(?:\.(\d+))?(?:\.(\d+))?(?:-(\d+))?/.exec(fullVersion) ?? [];
  return { full_version: fullVersion, major, minor, build, revision };
}

function recordedVmJson(vm: WorldVm, recorded: JsonObject): JsonObject {
  const host = recorded['host'];
  const recordedHostId = isObject(host) ? host['id'] : undefined;
  if (vm.hostId === recordedHostId && vm.status === recorded['status']) return recorded;
  if (vm.hostId !== undefined) {
    return { ...recorded, status: vm.status, start_time: vm.startTime, host: apiLink('hosts', vm.hostId) };
  }
  return {
    ...recorded,
    status: vm.status,
    stop_time: vm.stopTime,
    start_time: undefined,
    host: undefined,
    guest_operating_system: undefined,
    guest_time_zone: undefined,
    fqdn: undefined,
  };
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
