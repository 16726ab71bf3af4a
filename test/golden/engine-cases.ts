import {
  engine,
  factors,
  host,
  hosts,
  http,
  RUNNING,
  STOPPED,
  UNKNOWN_HOST,
  UNKNOWN_VM,
  upper,
  type Case,
} from './cases.js';
import { callOf } from './xml-rpc.js';

const METHODS = [
  ...['discover', 'runFilters', 'runCostFunctions', 'runLoadBalancing'],
  ...['system.listMethods', 'system.methodHelp', 'system.methodSignature'],
];

/** What a bridge says of itself. */
export const introspectionCases: readonly Case[] = [
  engine('the methods', 'system.listMethods'),
  ...METHODS.flatMap((name) => [
    engine(name, 'system.methodHelp', name),
    engine(name, 'system.methodSignature', name),
  ]),
  engine('a method that there is not', 'system.methodHelp', 'runNothing'),
  engine('a number for a name', 'system.methodSignature', 7),
  engine('an argument too many', 'system.listMethods', 'all'),
];

/** What is no call, or none that is known. */
export const hostileCases: readonly Case[] = [
  http('HTTP: GET', '', { line: 'GET / HTTP/1.1' }),
  http('HTTP: another path', callOf('discover'), { line: 'POST /rpc HTTP/1.1' }),
  http('HTTP: /RPC2', callOf('system.listMethods'), { line: 'POST /RPC2 HTTP/1.1' }),
  http('HTTP: version 1.0', callOf('system.listMethods'), { line: 'POST / HTTP/1.0' }),
  http('HTTP: Connection: close', callOf('system.listMethods'), { headers: { Connection: 'close' } }),
  http('HTTP: without Content-Type', callOf('discover'), { headers: { 'Content-Type': '' } }),
  http('HTTP: a form', callOf('discover'), { headers: { 'Content-Type': 'text/plain' } }),
  http('HTTP: another charset', callOf('discover'), {
    headers: { 'Content-Type': 'text/xml; charset=utf-16' },
  }),
  http('HTTP: compressed', callOf('discover'), { headers: { 'Content-Encoding': 'gzip' } }),
  http('HTTP: from a page of a browser', callOf('discover'), { headers: { Origin: 'http://example.com' } }),
  http('HTTP: a body too large, by its head', '', { headers: { 'Content-Length': '10000000' } }),
  http('XML: no body', ''),
  http('XML: no XML', 'discover'),
  http('XML: cut', callOf('discover').slice(0, -10)),
  http('XML: wrongly nested', '<methodCall><methodName>discover</methodCall></methodName>'),
  http('XML: another root', '<methodResponse><params></params></methodResponse>'),
  http('XML: a DTD', `<!DOCTYPE methodCall [<!ENTITY x "y">]>${callOf('discover').replace(/^<\?.*\?>/, '')}`),
  http('XML: without a method', '<methodCall><params></params></methodCall>'),
  http('XML: a type that there is not', callOf('discover', 'x').replaceAll('string>', 'text>')),
  http('XML: an int that is none', callOf('discover', 7).replace('7', 'seven')),
  http('XML: without params', '<methodCall><methodName>system.listMethods</methodName></methodCall>'),
  http('XML: a text without type', callOf('system.methodHelp', 'discover').replaceAll(/<.?string>/g, '')),
  engine('no such method', 'runNothing'),
  engine('an argument too many', 'discover', 'x'),
];

/** What arguments of the engine's calls may be wrong in. */
export const argumentCases: readonly Case[] = [
  engine('no argument', 'runFilters'),
  engine('an argument too few', 'runFilters', ['max_vms'], hosts(1), RUNNING),
  engine('an argument too many', 'runFilters', ['max_vms'], hosts(1), RUNNING, {}, 'x'),
  engine('a text for the filters', 'runFilters', 'max_vms', hosts(1), RUNNING, {}),
  engine('a number among the filters', 'runFilters', ['max_vms', 7], hosts(1), RUNNING, {}),
  engine('an empty name of a filter', 'runFilters', [''], hosts(1), RUNNING, {}),
  engine('nil for the hosts', 'runFilters', ['max_vms'], null, RUNNING, {}),
  engine('a host that is no UUID', 'runFilters', ['max_vms'], ['host-1'], RUNNING, {}),
  engine('an empty host', 'runFilters', ['max_vms'], [...hosts(1), ''], RUNNING, {}),
  engine('a VM that is no UUID', 'runFilters', ['max_vms'], hosts(1), 'vm-1', {}),
  engine('a number for the VM', 'runFilters', ['max_vms'], hosts(1), 7, {}),
  engine('a list for the properties', 'runFilters', ['max_vms'], hosts(1), RUNNING, []),
  engine('a number for a property', 'runFilters', ['max_vms'], hosts(1), RUNNING, { maximum_vm_count: 7 }),
  engine('names without factors', 'runCostFunctions', ['ksm_same_os_score'], hosts(1), RUNNING, {}),
  engine('a pair without a factor', 'runCostFunctions', [['ksm_same_os_score']], hosts(1), RUNNING, {}),
  engine('a text for a factor', 'runCostFunctions', [['ksm_same_os_score', '2']], hosts(1), RUNNING, {}),
  engine('a half for a factor', 'runCostFunctions', [['ksm_same_os_score', 0.5]], hosts(1), RUNNING, {}),
  engine('a list for the unit', 'runLoadBalancing', ['vm_balance'], hosts(1, 2), {}),
  engine('an argument too few', 'runLoadBalancing', 'vm_balance', hosts(1, 2)),
];

/** discover. */
export const discoverCases: readonly Case[] = [engine('every unit', 'discover')];

/** runFilters, of the native units. */
export const filterCases: readonly Case[] = [
  engine('two filters accept all', 'runFilters', ['accept_all_hosts', 'max_vms'], hosts(1, 2, 3), RUNNING, {
    maximum_vm_count: '100',
  }),
  engine('15 VMs at most', 'runFilters', ['max_vms'], hosts(1, 2, 3, 4), RUNNING, { maximum_vm_count: '15' }),
  engine('1 VM at most: none left', 'runFilters', ['max_vms'], hosts(1, 2), RUNNING, {
    maximum_vm_count: '1',
  }),
  engine('a VM that is down', 'runFilters', ['max_vms'], hosts(1, 2), STOPPED, {}),
  engine('no filter', 'runFilters', [], hosts(1, 2), RUNNING, {}),
  engine('no host', 'runFilters', ['max_vms'], [], RUNNING, {}),
  engine('nil for the properties', 'runFilters', ['max_vms'], hosts(1, 2), RUNNING, null),
  engine('a filter that there is not', 'runFilters', ['no_such', 'max_vms'], hosts(1, 2), RUNNING, {}),
  engine('only a filter that there is not', 'runFilters', ['no_such'], hosts(1, 2), RUNNING, {}),
  engine('the name of a score', 'runFilters', ['ksm_same_os_score'], hosts(1, 2), RUNNING, {}),
  engine('a filter twice', 'runFilters', ['max_vms', 'max_vms'], hosts(1, 2), RUNNING, {}),
  engine('a host twice', 'runFilters', ['max_vms'], hosts(1, 2, 1), RUNNING, {}),
  engine('hosts in upper case', 'runFilters', ['max_vms'], hosts(1, 2).map(upper), upper(RUNNING), {}),
  engine('a host that nobody knows', 'runFilters', ['max_vms'], [host(1), UNKNOWN_HOST], RUNNING, {}),
  engine('a host in maintenance', 'runFilters', ['max_vms'], hosts(1, 12), RUNNING, {}),
  engine('a VM that nobody knows', 'runFilters', ['max_vms'], hosts(1, 2), UNKNOWN_VM, {}),
  engine(
    'a VM that nobody knows, of a filter that needs none',
    'runFilters',
    ['accept_all_hosts'],
    hosts(1),
    UNKNOWN_VM,
    {},
  ),
  engine(
    'a property with a wrong value',
    'runFilters',
    ['accept_all_hosts', 'max_vms'],
    hosts(1, 2),
    RUNNING,
    {
      maximum_vm_count: 'many',
    },
  ),
  engine('a property that no unit has', 'runFilters', ['max_vms'], hosts(1, 2), RUNNING, { colour: 'red' }),
];

/** runCostFunctions, of the native units. */
export const costCases: readonly Case[] = [
  engine(
    'every score',
    'runCostFunctions',
    factors({ ksm_same_os_score: 1, even_vm_distribution: 1 }),
    hosts(1, 2, 3, 12),
    RUNNING,
    {},
  ),
  engine(
    'factors 3 and 2',
    'runCostFunctions',
    factors({ ksm_same_os_score: 3, even_vm_distribution: 2 }),
    hosts(3, 2, 1),
    RUNNING,
    {},
  ),
  engine(
    'a VM that is down',
    'runCostFunctions',
    factors({ ksm_same_os_score: 1 }),
    hosts(1, 2, 3),
    STOPPED,
    {},
  ),
  engine('properties', 'runCostFunctions', factors({ ksm_same_os_score: 1 }), hosts(1, 2, 3), RUNNING, {
    os_identity: 'family',
    count_self: 'false',
  }),
  engine(
    'factor 0',
    'runCostFunctions',
    factors({ ksm_same_os_score: 0, even_vm_distribution: 1 }),
    hosts(1, 2),
    RUNNING,
    {},
  ),
  engine('factor -1', 'runCostFunctions', factors({ ksm_same_os_score: -1 }), hosts(1, 2), RUNNING, {}),
  engine(
    'the greatest factor',
    'runCostFunctions',
    factors({ ksm_same_os_score: 2147483647 }),
    hosts(1, 2),
    RUNNING,
    {},
  ),
  engine('no score', 'runCostFunctions', [], hosts(1, 2), RUNNING, {}),
  engine('no host', 'runCostFunctions', factors({ ksm_same_os_score: 1 }), [], RUNNING, {}),
  engine(
    'nil for the properties',
    'runCostFunctions',
    factors({ even_vm_distribution: 1 }),
    hosts(1, 2),
    RUNNING,
    null,
  ),
  engine(
    'a score that there is not',
    'runCostFunctions',
    factors({ no_such: 1, ksm_same_os_score: 1 }),
    hosts(1, 2),
    RUNNING,
    {},
  ),
  engine(
    'only a score that there is not',
    'runCostFunctions',
    factors({ no_such: 1 }),
    hosts(1, 2),
    RUNNING,
    {},
  ),
  engine('the name of a filter', 'runCostFunctions', factors({ max_vms: 1 }), hosts(1, 2), RUNNING, {}),
  engine(
    'a score twice',
    'runCostFunctions',
    [
      ['ksm_same_os_score', 1],
      ['ksm_same_os_score', 2],
    ],
    hosts(1, 2),
    RUNNING,
    {},
  ),
  engine(
    'a host twice',
    'runCostFunctions',
    factors({ even_vm_distribution: 1 }),
    hosts(1, 2, 1),
    RUNNING,
    {},
  ),
  engine(
    'hosts in upper case',
    'runCostFunctions',
    factors({ ksm_same_os_score: 1 }),
    hosts(1, 2).map(upper),
    upper(RUNNING),
    {},
  ),
  engine(
    'a host that nobody knows',
    'runCostFunctions',
    factors({ ksm_same_os_score: 1, even_vm_distribution: 1 }),
    [host(1), UNKNOWN_HOST, host(2)],
    RUNNING,
    {},
  ),
  engine(
    'only a host that nobody knows',
    'runCostFunctions',
    factors({ ksm_same_os_score: 1 }),
    [UNKNOWN_HOST],
    RUNNING,
    {},
  ),
  engine(
    'a VM that nobody knows',
    'runCostFunctions',
    factors({ ksm_same_os_score: 1, even_vm_distribution: 1 }),
    hosts(1, 2),
    UNKNOWN_VM,
    {},
  ),
  engine(
    'a property with a wrong value',
    'runCostFunctions',
    factors({ ksm_same_os_score: 1, even_vm_distribution: 1 }),
    hosts(1, 2),
    RUNNING,
    { os_identity: 'colour' },
  ),
  engine(
    'a property that no unit has',
    'runCostFunctions',
    factors({ ksm_same_os_score: 1 }),
    hosts(1, 2),
    RUNNING,
    { colour: 'red' },
  ),
];

/** runLoadBalancing, of the native units. */
export const balanceCases: readonly Case[] = [
  engine('from 15 VMs on', 'runLoadBalancing', 'vm_balance', hosts(1, 2, 3, 4, 5), {
    maximum_vm_count: '15',
  }),
  engine('from 15 VMs on, once more', 'runLoadBalancing', 'vm_balance', hosts(1, 2, 3, 4, 5), {
    maximum_vm_count: '15',
  }),
  engine('from 1000 VMs on: nothing to do', 'runLoadBalancing', 'vm_balance', hosts(1, 2, 3), {
    maximum_vm_count: '1000',
  }),
  engine('too little memory', 'runLoadBalancing', 'host_memory_balance', hosts(1, 2, 3, 4, 5, 6), {
    minimum_host_memoryMB: '200000',
  }),
  engine('enough memory', 'runLoadBalancing', 'host_memory_balance', hosts(1, 2, 3), {
    minimum_host_memoryMB: '0',
  }),
  engine('nil for the properties', 'runLoadBalancing', 'vm_balance', hosts(1, 2, 3), null),
  engine('no host', 'runLoadBalancing', 'vm_balance', [], {}),
  engine('an empty name', 'runLoadBalancing', '', hosts(1, 2), {}),
  engine('a unit that there is not', 'runLoadBalancing', 'no_such', hosts(1, 2), {}),
  engine('the name of a score', 'runLoadBalancing', 'ksm_same_os_score', hosts(1, 2), {}),
  engine('a host that nobody knows', 'runLoadBalancing', 'vm_balance', [host(6), UNKNOWN_HOST, host(7)], {
    maximum_vm_count: '15',
  }),
  engine('a property with a wrong value', 'runLoadBalancing', 'vm_balance', hosts(1, 2), {
    maximum_vm_count: '0',
  }),
];
