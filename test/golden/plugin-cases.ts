import {
  engine,
  factors,
  host,
  hosts,
  rpc,
  RUNNING,
  STOPPED,
  stream,
  UNKNOWN_HOST,
  UNKNOWN_VM,
  type Case,
} from './cases.js';

/** runFilters, of plugins and native units. */
export const pluginFilterCases: readonly Case[] = [
  engine('plugin and native', 'runFilters', ['site_policy', 'max_vms'], hosts(1, 2, 3), RUNNING, {}),
  engine('a property of the plugin', 'runFilters', ['site_policy'], hosts(1, 2, 3), RUNNING, { avoid: '3' }),
  engine(
    'plugins that fail beside one that answers',
    'runFilters',
    ['complains', 'prints_garbage', 'prints_nothing', 'site_policy'],
    hosts(1, 2, 3),
    RUNNING,
    {},
  ),
  engine('only plugins that fail', 'runFilters', ['complains', 'prints_garbage'], hosts(1, 2), RUNNING, {}),
  engine(
    'a plugin that rejects all',
    'runFilters',
    ['rejects_all', 'accept_all_hosts'],
    hosts(1, 2),
    RUNNING,
    {},
  ),
  engine(
    'hosts and a VM that nobody knows',
    'runFilters',
    ['site_policy', 'max_vms'],
    [UNKNOWN_HOST, host(2)],
    UNKNOWN_VM,
    {},
  ),
  engine('a plugin that is not imported', 'runFilters', ['no_import'], hosts(1), RUNNING, {}),
];

/** runCostFunctions, of plugins and native units. */
export const pluginCostCases: readonly Case[] = [
  engine(
    'raw costs and scores',
    'runCostFunctions',
    factors({ site_policy: 2, ksm_same_os_score: 3, prints_scores: 1 }),
    hosts(1, 2, 3),
    RUNNING,
    {},
  ),
  engine('a property of the plugin', 'runCostFunctions', factors({ site_policy: 1 }), hosts(1, 2), RUNNING, {
    bonus: '5000',
  }),
  engine(
    'a property with a value that its pattern has not',
    'runCostFunctions',
    factors({ site_policy: 1 }),
    hosts(1),
    RUNNING,
    { bonus: '-1' },
  ),
  engine('hosts left out', 'runCostFunctions', factors({ leaves_out: 1 }), hosts(1, 2, 3), RUNNING, {}),
  engine(
    'plugins that fail beside one that answers',
    'runCostFunctions',
    factors({ complains: 1, prints_garbage: 1, prints_nothing: 1, site_policy: 1 }),
    hosts(1, 2),
    RUNNING,
    {},
  ),
  engine(
    'only plugins that fail',
    'runCostFunctions',
    factors({ complains: 1, prints_garbage: 1 }),
    hosts(1, 2),
    RUNNING,
    {},
  ),
  engine(
    'a host that the inventory does not know',
    'runCostFunctions',
    factors({ site_policy: 1, ksm_same_os_score: 1, prints_scores: 1 }),
    [host(1), UNKNOWN_HOST, host(2)],
    RUNNING,
    {},
  ),
  engine(
    'a VM that the inventory does not know',
    'runCostFunctions',
    factors({ site_policy: 1, ksm_same_os_score: 1 }),
    hosts(1, 2),
    UNKNOWN_VM,
    {},
  ),
  engine(
    'factor -1, and 0',
    'runCostFunctions',
    factors({ site_policy: -1, ksm_same_os_score: 0 }),
    hosts(1, 2),
    RUNNING,
    {},
  ),
  engine(
    'sums beyond 32 bits',
    'runCostFunctions',
    factors({ site_policy: 2000000 }),
    hosts(1, 2),
    RUNNING,
    {},
  ),
  engine(
    'a unit that there is not',
    'runCostFunctions',
    factors({ no_such: 1, site_policy: 1 }),
    hosts(1),
    RUNNING,
    {},
  ),
  engine(
    'a unit twice',
    'runCostFunctions',
    [
      ['site_policy', 1],
      ['site_policy', 2],
    ],
    hosts(1),
    RUNNING,
    {},
  ),
];

/** runLoadBalancing, of plugins and native units. */
export const pluginBalanceCases: readonly Case[] = [
  engine('a plugin', 'runLoadBalancing', 'site_policy', hosts(4, 5, 6), {}),
  engine('a plugin, one host', 'runLoadBalancing', 'site_policy', hosts(4), {}),
  engine('a plugin that has nothing to do', 'runLoadBalancing', 'prints_nothing', hosts(4, 5), {}),
  engine('a plugin that complains', 'runLoadBalancing', 'complains', hosts(4, 5), {}),
  engine('a plugin that prints garbage', 'runLoadBalancing', 'prints_garbage', hosts(4, 5), {}),
  engine('native', 'runLoadBalancing', 'vm_balance', hosts(1, 2, 3, 4, 5), { maximum_vm_count: '15' }),
];

/** The contract's calls, of plugins and native units. */
export const pluginRpcCases: readonly Case[] = [
  rpc('every unit, and problems', 'ListPolicyUnits', {}),
  rpc('every unit', 'ScoreHosts', { vm_id: RUNNING, host_ids: hosts(1, 2, 3), explain: true }),
  rpc('every host', 'ScoreHosts', {
    vm_id: RUNNING,
    all_hosts: true,
    units: [{ name: 'site_policy' }, { name: 'ksm_same_os_score' }],
    explain: true,
  }),
  rpc('raw costs and scores, weighted', 'ScoreHosts', {
    vm_id: RUNNING,
    host_ids: hosts(1, 2, 4),
    units: [
      { name: 'site_policy', weight: 2 },
      { name: 'ksm_same_os_score' },
      { name: 'prints_scores', weight: 0 },
    ],
    properties: { bonus: '7' },
    explain: true,
  }),
  rpc('a host that the inventory does not know', 'ScoreHosts', {
    vm_id: RUNNING,
    host_ids: [host(1), UNKNOWN_HOST],
    units: [{ name: 'site_policy' }, { name: 'ksm_same_os_score' }],
    explain: true,
  }),
  rpc('a VM that the inventory does not know', 'ScoreHosts', {
    vm_id: UNKNOWN_VM,
    host_ids: hosts(1),
    units: [{ name: 'site_policy' }, { name: 'ksm_same_os_score' }],
  }),
  rpc('a VM that the inventory does not know, of a plugin alone', 'ScoreHosts', {
    vm_id: UNKNOWN_VM,
    host_ids: hosts(1),
    units: [{ name: 'site_policy' }],
  }),
  rpc('a unit that there is not', 'ScoreHosts', {
    vm_id: RUNNING,
    host_ids: hosts(1),
    units: [{ name: 'no_such' }, { name: 'site_policy' }],
  }),
  rpc('placements assumed', 'ScoreHosts', {
    vm_id: RUNNING,
    host_ids: hosts(1, 2),
    units: [{ name: 'site_policy' }, { name: 'ksm_same_os_score' }],
    assumed_placements: [{ vm_id: STOPPED, host_id: host(1) }],
  }),
  rpc('a property with a wrong value', 'ScoreHosts', {
    vm_id: RUNNING,
    host_ids: hosts(1),
    units: [{ name: 'site_policy' }, { name: 'ksm_same_os_score' }],
    properties: { bonus: 'x', count_self: 'x' },
  }),
  stream(
    'of a plugin and of every unit',
    { vm_id: RUNNING, host_ids: hosts(1, 2), units: [{ name: 'site_policy' }], request_id: 'plugin' },
    { vm_id: UNKNOWN_VM, host_ids: hosts(1), request_id: 'unknown VM' },
    { vm_id: RUNNING, host_ids: hosts(1, 2), units: [{ name: 'complains' }], request_id: 'complains' },
  ),
  rpc('every filter', 'FilterHosts', { vm_id: RUNNING, host_ids: hosts(1, 2, 3) }),
  rpc('plugin and native', 'FilterHosts', {
    vm_id: RUNNING,
    host_ids: hosts(3, 2, 1),
    units: ['site_policy', 'max_vms'],
  }),
  rpc('only a filter that fails', 'FilterHosts', {
    vm_id: RUNNING,
    host_ids: hosts(1),
    units: ['complains'],
  }),
  rpc('a plugin', 'BalanceHosts', { unit: 'site_policy', host_ids: hosts(1, 2) }),
  rpc('a plugin that has nothing to do', 'BalanceHosts', { unit: 'prints_nothing', host_ids: hosts(1, 2) }),
  rpc('a plugin that complains', 'BalanceHosts', { unit: 'complains', host_ids: hosts(1, 2) }),
  rpc('native', 'BalanceHosts', {
    unit: 'vm_balance',
    host_ids: hosts(7, 8, 9),
    properties: { maximum_vm_count: '15' },
  }),
];

/** What a composition answers of a service whose process has ended. */
export const downEngineCases: readonly Case[] = [
  engine('service down', 'discover'),
  engine('service down', 'runFilters', ['site_policy', 'max_vms'], hosts(1, 2), RUNNING, {}),
  engine(
    'service down',
    'runCostFunctions',
    factors({ site_policy: 1, ksm_same_os_score: 1 }),
    hosts(1, 2),
    RUNNING,
    {},
  ),
  engine('service down', 'runLoadBalancing', 'site_policy', hosts(1, 2), {}),
];

/** The same over gRPC. */
export const downRpcCases: readonly Case[] = [
  rpc('service down', 'ListPolicyUnits', {}),
  rpc('service down', 'ScoreHosts', {
    vm_id: RUNNING,
    host_ids: hosts(1, 2),
    units: [{ name: 'site_policy' }, { name: 'ksm_same_os_score' }],
  }),
  rpc('service down', 'FilterHosts', {
    vm_id: RUNNING,
    host_ids: hosts(1, 2),
    units: ['site_policy', 'max_vms'],
  }),
  rpc('service down', 'BalanceHosts', { unit: 'site_policy', host_ids: hosts(1, 2) }),
];
