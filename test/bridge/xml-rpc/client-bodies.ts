/** A body as a client sends it, and what it means. */
export interface ClientBody {
  readonly name: string;
  readonly body: string;
  readonly method: string;
  readonly params: readonly unknown[];
}

const HOST_A = '1c4a3e5e-1a77-4a1e-9d2a-000000000001';
const HOST_B = '1c4a3e5e-1a77-4a1e-9d2a-000000000002';
const VM = '7d1a3e5e-1a77-4a1e-9d2a-00000000000a';
const EX = 'xmlns:ex="http://ws.apache.org/xmlrpc/namespaces/extensions"';

/** Apache's client: no line breaks, the extensions declared on the root, strings without a type. */
const apache = (method: string, ...params: readonly string[]) =>
  `<?xml version="1.0" encoding="UTF-8"?><methodCall ${EX}><methodName>${method}</methodName><params>${params
    .map((param) => `<param><value>${param}</value></param>`)
    .join('')}</params></methodCall>`;

const array = (...items: readonly string[]) =>
  `<array><data>${items.map((item) => `<value>${item}</value>`).join('')}</data></array>`;

/** Bodies as the clients that matter were seen to send them. */
export const CLIENT_BODIES: readonly ClientBody[] = [
  {
    name: 'discover, by Apache xmlrpc-client 3.1.3',
    body: apache('discover'),
    method: 'discover',
    params: [],
  },
  {
    name: 'runFilters, by Apache xmlrpc-client 3.1.3',
    body: apache(
      'runFilters',
      array('max_vms'),
      array(HOST_A, HOST_B),
      VM,
      '<struct><member><name>maximum_vm_count</name><value>5</value></member></struct>',
    ),
    method: 'runFilters',
    params: [['max_vms'], [HOST_A, HOST_B], VM, new Map([['maximum_vm_count', '5']])],
  },
  {
    name: 'runCostFunctions, by Apache xmlrpc-client 3.1.3',
    body: apache(
      'runCostFunctions',
      array(array('ksm_same_os_score', '<i4>2</i4>')),
      array(HOST_A, HOST_B),
      VM,
      '<struct/>',
    ),
    method: 'runCostFunctions',
    params: [[['ksm_same_os_score', 2]], [HOST_A, HOST_B], VM, new Map()],
  },
  {
    name: 'runLoadBalancing without properties, by Apache xmlrpc-client 3.1.3',
    body: apache('runLoadBalancing', 'vm_balance', array(HOST_A), '<ex:nil/>'),
    method: 'runLoadBalancing',
    params: ['vm_balance', [HOST_A], null],
  },
  {
    name: 'every type, by Apache xmlrpc-client 3.1.3',
    body: apache(
      'm',
      ...['<i4>2</i4>', '<ex:i8>5</ex:i8>', '<ex:i2>3</ex:i2>', '<ex:i1>-1</ex:i1>', '<double>1.5</double>'],
      ...['<ex:float>2.5</ex:float>', '<boolean>1</boolean>', '<base64>AQI=</base64>', 'v é&lt;&amp;&gt;'],
      '<dateTime.iso8601>19700101T00:00:00</dateTime.iso8601>',
    ),
    method: 'm',
    params: [
      ...[2, 5n, 3, -1, { kind: 'double', value: 1.5 }, { kind: 'double', value: 2.5 }, true],
      ...[Uint8Array.of(1, 2), 'v é<&>', { kind: 'dateTime', text: '19700101T00:00:00' }],
    ],
  },
  {
    name: "runCostFunctions, by Python's xmlrpc.client",
    body: `<?xml version='1.0'?>
<methodCall>
<methodName>runCostFunctions</methodName>
<params>
<param>
<value><array><data>
<value><array><data>
<value><string>ksm_same_os_score</string></value>
<value><int>2</int></value>
</data></array></value>
</data></array></value>
</param>
<param>
<value><array><data>
<value><string>${HOST_A}</string></value>
</data></array></value>
</param>
<param>
<value><string>${VM}</string></value>
</param>
<param>
<value><struct>
<member>
<name>os_identity</name>
<value><string>family</string></value>
</member>
</struct></value>
</param>
</params>
</methodCall>
`,
    method: 'runCostFunctions',
    params: [[['ksm_same_os_score', 2]], [HOST_A], VM, new Map([['os_identity', 'family']])],
  },
  {
    name: "runLoadBalancing without properties, by Python's xmlrpc.client",
    body: `<?xml version='1.0'?>
<methodCall>
<methodName>runLoadBalancing</methodName>
<params>
<param>
<value><string>vm_balance</string></value>
</param>
<param>
<value><array><data>
</data></array></value>
</param>
<param>
<value><nil/></value></param>
</params>
</methodCall>
`,
    method: 'runLoadBalancing',
    params: ['vm_balance', [], null],
  },
  {
    name: "system.listMethods, by Python's xmlrpc.client",
    body: `<?xml version='1.0'?>\n<methodCall>\n<methodName>system.listMethods</methodName>\n<params>\n</params>\n</methodCall>\n`,
    method: 'system.listMethods',
    params: [],
  },
  {
    name: 'discover, by hand',
    body: '<methodCall><methodName>discover</methodName></methodCall>',
    method: 'discover',
    params: [],
  },
];
