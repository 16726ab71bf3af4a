import { openHost } from './with-python.js';

/** Hosts the plugins of a folder in a process of its own and asks one of them, for a test that kills the process. */
const [dir = '', python = '', unit = '', pidFile = ''] = process.argv.slice(2);
const nothing = (): void => undefined;
const host = await openHost({
  dir,
  settings: { python },
  log: { debug: nothing, info: nothing, warn: nothing, error: nothing },
});
await host.scoreHosts(
  {
    vmId: 'bbbbbbbb-0000-4000-8000-000000000001',
    hosts: ['aaaaaaaa-0000-4000-8000-000000000001'],
    units: [{ name: unit, weight: 1 }],
    properties: new Map([['pid_file', pidFile]]),
    assumedPlacements: [],
    explain: false,
  },
  { requestId: 'test', signal: new AbortController().signal, deadline: Infinity },
);
