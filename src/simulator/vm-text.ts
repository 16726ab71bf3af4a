import type { GuestReport } from './operating-systems.js';
import { prettyJson } from './pretty-json.js';
import { affinityOf, assembleVm, guestReportJson, vmJson } from './vm-json.js';
import type { WorldVm } from './world.js';

/** Renders one VM: indented JSON text, the same as that of {@link vmJson}. */
export type VmRenderer = (vm: WorldVm) => string;

type Part = string | VmRenderer;

// Stand in for what differs between VMs while the rest is rendered, once. None of them occurs in a VM otherwise.
const MEMORY_MARK = 1_111_111_111_111;
const MARKED: WorldVm = {
  id: '@id@',
  name: '@name@',
  status: '@status@',
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
 * Makes a renderer that writes a VM from parts rendered beforehand, several times as fast as serializing it: a listing
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
    [affinityOf(MARKED)]: (vm) => escaped(affinityOf(vm)),
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
