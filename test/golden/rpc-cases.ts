import {
  rawRpc,
  host,
  hosts,
  rpc,
  RUNNING,
  STOPPED,
  stream,
  UNKNOWN_HOST,
  UNKNOWN_VM,
  upper,
  vm,
  type Case,
} from './cases.js';

/** The contract's calls, of the native units. */
export const rpcCases: readonly Case[] = [
  rpc('every unit', 'ListPolicyUnits', {}),
  rawRpc('no such method', 'ScoreNothing', Uint8Array.of()),
  rawRpc('a message that is cut', 'ScoreHosts', Uint8Array.of(0x0a, 0x24, 0x62)),
  rawRpc('a text that is no UTF-8', 'ScoreHosts', Uint8Array.of(0x0a, 0x01, 0xff)),

  rpc('every unit, named hosts', 'ScoreHosts', { vm_id: RUNNING, host_ids: hosts(3, 1, 2) }),
  rpc('every host, explained', 'ScoreHosts', { vm_id: RUNNING, all_hosts: true, explain: true }),
  rpc('a VM that is down, explained', 'ScoreHosts', {
    vm_id: STOPPED,
    host_ids: hosts(1, 2, 12),
    explain: true,
  }),
  rpc('weights 2 and 0, properties', 'ScoreHosts', {
    vm_id: RUNNING,
    host_ids: hosts(1, 2, 3),
    units: [
      { name: 'even_vm_distribution', weight: 2 },
      { name: 'ksm_same_os_score', weight: 0 },
    ],
    properties: { os_identity: 'guest', count_self: 'true', colour: 'red' },
    explain: true,
  }),
  rpc('placements assumed', 'ScoreHosts', {
    vm_id: RUNNING,
    host_ids: hosts(1, 2),
    assumed_placements: [
      { vm_id: STOPPED, host_id: host(1) },
      { vm_id: vm(1), host_id: host(2) },
    ],
    explain: true,
  }),
  rpc('no host', 'ScoreHosts', { vm_id: RUNNING }),
  rpc('host_ids and all_hosts', 'ScoreHosts', { vm_id: RUNNING, host_ids: hosts(1), all_hosts: true }),
  rpc('a host twice, in both cases', 'ScoreHosts', {
    vm_id: RUNNING,
    host_ids: [host(1), upper(host(1)), host(2)],
  }),
  rpc('a host that nobody knows', 'ScoreHosts', {
    vm_id: RUNNING,
    host_ids: [host(1), UNKNOWN_HOST, host(2)],
  }),
  rpc('only a host that nobody knows', 'ScoreHosts', {
    vm_id: RUNNING,
    host_ids: [UNKNOWN_HOST],
    explain: true,
  }),
  rpc('a VM that nobody knows', 'ScoreHosts', { vm_id: UNKNOWN_VM, host_ids: hosts(1) }),
  rpc('no VM', 'ScoreHosts', { host_ids: hosts(1) }),
  rpc('a VM that is no UUID', 'ScoreHosts', { vm_id: 'vm-1', host_ids: hosts(1) }),
  rpc('a host that is no UUID', 'ScoreHosts', { vm_id: RUNNING, host_ids: [host(1), 'host-2'] }),
  rpc('a unit that there is not', 'ScoreHosts', {
    vm_id: RUNNING,
    host_ids: hosts(1, 2),
    units: [{ name: 'no_such' }, { name: 'ksm_same_os_score' }],
  }),
  rpc('only a unit that there is not', 'ScoreHosts', {
    vm_id: RUNNING,
    host_ids: hosts(1),
    units: [{ name: 'no_such' }],
  }),
  rpc('the name of a filter', 'ScoreHosts', {
    vm_id: RUNNING,
    host_ids: hosts(1),
    units: [{ name: 'max_vms' }],
  }),
  rpc('a unit twice', 'ScoreHosts', {
    vm_id: RUNNING,
    host_ids: hosts(1),
    units: [{ name: 'ksm_same_os_score' }, { name: 'ksm_same_os_score' }],
  }),
  rpc('a unit without a name', 'ScoreHosts', { vm_id: RUNNING, host_ids: hosts(1), units: [{ weight: 1 }] }),
  rpc('weight -1', 'ScoreHosts', {
    vm_id: RUNNING,
    host_ids: hosts(1),
    units: [{ name: 'ksm_same_os_score', weight: -1 }],
  }),
  rpc('weights too large', 'ScoreHosts', {
    vm_id: RUNNING,
    host_ids: hosts(1),
    units: [{ name: 'ksm_same_os_score', weight: 21474837 }],
  }),
  rpc('a property with a wrong value', 'ScoreHosts', {
    vm_id: RUNNING,
    host_ids: hosts(1, 2),
    properties: { count_self: 'perhaps' },
  }),
  rpc('an empty key of a property', 'ScoreHosts', {
    vm_id: RUNNING,
    host_ids: hosts(1),
    properties: { '': 'x' },
  }),
  rpc('a placement of a VM that nobody knows', 'ScoreHosts', {
    vm_id: RUNNING,
    host_ids: hosts(1),
    assumed_placements: [{ vm_id: UNKNOWN_VM, host_id: host(1) }],
  }),
  rpc('a placement at a host that nobody knows', 'ScoreHosts', {
    vm_id: RUNNING,
    host_ids: hosts(1),
    assumed_placements: [{ vm_id: STOPPED, host_id: UNKNOWN_HOST }],
  }),
  rpc('a VM placed twice', 'ScoreHosts', {
    vm_id: RUNNING,
    host_ids: hosts(1),
    assumed_placements: [
      { vm_id: STOPPED, host_id: host(1) },
      { vm_id: STOPPED, host_id: host(2) },
    ],
  }),
  rpc('a request id that is no ASCII', 'ScoreHosts', { vm_id: RUNNING, host_ids: hosts(1), request_id: 'ä' }),

  stream('nothing asked'),
  stream(
    'good and bad ones in turn',
    { vm_id: RUNNING, host_ids: hosts(1, 2), request_id: 'first' },
    { vm_id: UNKNOWN_VM, host_ids: hosts(1), request_id: 'unknown VM' },
    { vm_id: 'vm-1', host_ids: hosts(1), request_id: 'no UUID' },
    { vm_id: RUNNING, host_ids: [host(1), UNKNOWN_HOST], explain: true },
    { vm_id: RUNNING, host_ids: hosts(1), request_id: 'ä' },
    { vm_id: RUNNING, host_ids: hosts(1), units: [{ name: 'no_such' }], request_id: 'unknown unit' },
    { vm_id: STOPPED, host_ids: hosts(1, 2, 3), explain: true, request_id: 'last' },
  ),

  rpc('every filter', 'FilterHosts', {
    vm_id: RUNNING,
    host_ids: hosts(1, 2, 3, 12),
    properties: { maximum_vm_count: '15' },
  }),
  rpc('one filter', 'FilterHosts', { vm_id: RUNNING, host_ids: hosts(1, 2), units: ['accept_all_hosts'] }),
  rpc('none left', 'FilterHosts', {
    vm_id: RUNNING,
    host_ids: hosts(1, 2),
    properties: { maximum_vm_count: '1' },
  }),
  rpc('no host', 'FilterHosts', { vm_id: RUNNING }),
  rpc('a host twice', 'FilterHosts', { vm_id: RUNNING, host_ids: hosts(1, 2, 1) }),
  rpc('a host that nobody knows', 'FilterHosts', { vm_id: RUNNING, host_ids: [host(1), UNKNOWN_HOST] }),
  rpc('a VM that nobody knows', 'FilterHosts', { vm_id: UNKNOWN_VM, host_ids: hosts(1) }),
  rpc('a unit that there is not', 'FilterHosts', {
    vm_id: RUNNING,
    host_ids: hosts(1),
    units: ['no_such', 'max_vms'],
  }),
  rpc('a unit twice', 'FilterHosts', { vm_id: RUNNING, host_ids: hosts(1), units: ['max_vms', 'max_vms'] }),
  rpc('an empty unit', 'FilterHosts', { vm_id: RUNNING, host_ids: hosts(1), units: [''] }),
  rpc('a host that is no UUID', 'FilterHosts', { vm_id: RUNNING, host_ids: ['host-1'] }),
  rpc('a property with a wrong value', 'FilterHosts', {
    vm_id: RUNNING,
    host_ids: hosts(1),
    properties: { maximum_vm_count: '-1' },
  }),

  rpc('from 15 VMs on', 'BalanceHosts', {
    unit: 'vm_balance',
    host_ids: hosts(7, 8, 9, 10, 11),
    properties: { maximum_vm_count: '15' },
  }),
  rpc('from 15 VMs on, once more', 'BalanceHosts', {
    unit: 'vm_balance',
    host_ids: hosts(7, 8, 9, 10, 11),
    properties: { maximum_vm_count: '15' },
  }),
  rpc('from 1000 VMs on: nothing to do', 'BalanceHosts', {
    unit: 'vm_balance',
    host_ids: hosts(1, 2),
    properties: { maximum_vm_count: '1000' },
  }),
  rpc('too little memory', 'BalanceHosts', {
    unit: 'host_memory_balance',
    host_ids: hosts(7, 8, 9, 10),
    properties: { minimum_host_memoryMB: '200000' },
  }),
  rpc('no host', 'BalanceHosts', { unit: 'vm_balance' }),
  rpc('no unit', 'BalanceHosts', { host_ids: hosts(1) }),
  rpc('a unit that there is not', 'BalanceHosts', { unit: 'no_such', host_ids: hosts(1) }),
  rpc('the name of a score', 'BalanceHosts', { unit: 'ksm_same_os_score', host_ids: hosts(1) }),
  rpc('a host that nobody knows', 'BalanceHosts', { unit: 'vm_balance', host_ids: [host(1), UNKNOWN_HOST] }),
  rpc('a property with a wrong value', 'BalanceHosts', {
    unit: 'vm_balance',
    host_ids: hosts(1),
    properties: { maximum_vm_count: '0' },
  }),
];
