import { isJsonObject } from '../lib/json.js';
import { apiHref, apiLink, prettyJson, subLinks, type JsonObject, type JsonValue } from './json.js';
import type { GuestReport } from './operating-systems.js';
import type { WorldVm } from './world.js';

const ACTIONS = (
  'detach export ticket logon freezefilesystems maintenance previewsnapshot reordermacaddresses thawfilesystems ' +
  'undosnapshot commitsnapshot clone cancelmigration reboot migrate shutdown start stop suspend'
).split(' ');
const LINKS = (
  'watchdogs graphicsconsoles diskattachments cdroms nics numanodes snapshots applications hostdevices ' +
  'reporteddevices sessions backups checkpoints affinitylabels katelloerrata permissions tags statistics'
).split(' ');
const BLANK_TEMPLATE = '00000000-0000-0000-0000-000000000000';
const CREATION_TIME = Date.UTC(2025, 5, 2);

/** As long as the certificate that an engine puts into each running VM, and certifies nothing. */
const FILLER = Buffer.from('This is filler of a pretend engine. '.repeat(26)).toString('base64');
const FILLER_CERTIFICATE = `-----BEGIN CERTIFICATE-----\n${FILLER.replace(/.{1,64}/g, '$&\n')}-----END CERTIFICATE-----\n`;

/** Returns the object that the engine answers for a VM. A recorded one is its own JSON, changed where its state changed. */
export function vmJson(vm: WorldVm): JsonObject {
  if (vm.recorded !== undefined) return recordedVmJson(vm, vm.recorded);
  return assembleVm(vm, vm.guestOs === undefined ? undefined : guestReportJson(vm.guestOs));
}

/** Builds the object of a VM that wasn't recorded, with this as its guest_operating_system. */
function assembleVm(vm: WorldVm, guestReport: JsonValue | undefined): JsonObject {
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
    placement_policy: { affinity: vm.affinity ?? 'migratable' },
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
    cluster: apiLink('clusters', vm.clusterId),
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

/** Returns the guest_operating_system of a running VM: major and minor stand there as far as the version parses. */
function guestReportJson(report: GuestReport): JsonObject {
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

function recordedVmJson(vm: WorldVm, original: JsonObject): JsonObject {
  const { host, status, os } = original;
  const osMembers = isJsonObject(os) ? os : {};
  const recorded: JsonObject = {
    ...original,
    ...(vm.name === original['name'] ? {} : { name: vm.name }),
    ...(vm.memory === Number(original['memory'] ?? 0) ? {} : { memory: String(vm.memory) }),
    ...(vm.osType === (osMembers['type'] ?? '') ? {} : { os: { ...osMembers, type: vm.osType } }),
  };
  if (vm.hostId === (isJsonObject(host) ? host['id'] : undefined) && vm.status === status) return recorded;
  if (vm.hostId !== undefined) {
    return {
      ...recorded,
      status: vm.status,
      start_time: vm.startTime,
      host: apiLink('hosts', vm.hostId),
      cluster: apiLink('clusters', vm.clusterId),
    };
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

/** Renders one VM: indented JSON text, the same as that of {@link vmJson}. */
export type VmRenderer = (vm: WorldVm) => string;

type Part = string | VmRenderer;

// Stand in for what differs between VMs while the rest is rendered, once. None of them occurs in a VM otherwise.
const MEMORY_MARK = 1_111_111_111_111;
const MARKED: WorldVm = {
  id: '@id@',
  name: '@name@',
  status: '@status@',
  clusterId: '@clusterId@',
  hostId: '@hostId@',
  osType: '@osType@',
  guestOs: undefined,
  memory: MEMORY_MARK,
  affinity: '@affinity@',
  startTime: 2_222_222_222_222,
  stopTime: 3_333_333_333_333,
};
const GUEST_MARK = '@guest@';

/**
 * Creates a renderer that writes a VM from parts rendered beforehand, several times as fast as serializing it: a listing
 * of 100,000 VMs is 950 MB.
 *
 * @param depth How many objects the VM stands in.
 */
export function createVmRenderer(depth: number): VmRenderer {
  const reports = new WeakMap<GuestReport, string>();

  function reportText(report: GuestReport): string {
    let text = reports.get(report);
    if (text === undefined) reports.set(report, (text = prettyJson(guestReportJson(report), depth + 1)));
    return text;
  }

  const slots: Readonly<Record<string, VmRenderer>> = {
    [MARKED.id]: (vm) => vm.id,
    [MARKED.name]: (vm) => escaped(vm.name),
    [MARKED.status]: (vm) => escaped(vm.status),
    [String(MARKED.hostId)]: (vm) => vm.hostId ?? '',
    [MARKED.osType]: (vm) => escaped(vm.osType),
    [String(MARKED.affinity)]: (vm) => escaped(vm.affinity ?? 'migratable'),
    [MARKED.clusterId]: (vm) => vm.clusterId,
    [String(MEMORY_MARK)]: (vm) => String(vm.memory),
    [String(MEMORY_MARK * 4)]: (vm) => String(vm.memory * 4),
    [String(MARKED.startTime)]: (vm) => String(vm.startTime),
    [String(MARKED.stopTime)]: (vm) => String(vm.stopTime),
    [`"${GUEST_MARK}"`]: (vm) => (vm.guestOs === undefined ? '' : reportText(vm.guestOs)),
  };
  const marks = new RegExp(`(${Object.keys(slots).join('|')})`);

  /** Text and slots of the VMs that have the same members as this one. */
  function partsLike(vm: WorldVm): readonly Part[] {
    const example: WorldVm = {
      ...MARKED,
      hostId: vm.hostId === undefined ? undefined : MARKED.hostId,
      startTime: vm.startTime === undefined ? undefined : MARKED.startTime,
      stopTime: vm.stopTime === undefined ? undefined : MARKED.stopTime,
    };
    const text = prettyJson(assembleVm(example, vm.guestOs === undefined ? undefined : GUEST_MARK), depth);
    return text.split(marks).map((part) => slots[part] ?? part);
  }

  const partsByShape = new Map<number, readonly Part[]>();

  return (vm) => {
    if (vm.recorded !== undefined) return prettyJson(vmJson(vm), depth);
    const shape =
      Number(vm.hostId !== undefined) +
      2 * Number(vm.guestOs !== undefined) +
      4 * Number(vm.startTime !== undefined) +
      8 * Number(vm.stopTime !== undefined);
    let parts = partsByShape.get(shape);
    if (parts === undefined) partsByShape.set(shape, (parts = partsLike(vm)));
    let text = '';
    for (const part of parts) text += typeof part === 'string' ? part : part(vm);
    return text;
  };
}

function escaped(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}
