import { writeCall } from '../bridge/xml-rpc/writer.js';
import type { Snapshot } from '../domain/snapshot.js';

/** Addresses and examples to try. */
export interface Tryable {
  /** Address of the gRPC server; absent: there is none. */
  readonly address?: string;
  readonly tls: boolean;
  /** Address of the bridge; absent: there is none. */
  readonly bridgeAddress?: string;
  /** Source of hosts and VMs for an example; undefined: none are known here. */
  readonly snapshot: Snapshot | undefined;
  /** True when answers are remembered, so that one can be asked about. */
  readonly isRemembered: boolean;
}

/** Number of hosts that an example names: enough to show an order. */
const EXAMPLE_HOSTS = 3;

/** Calls that work as pasted, for a VM and hosts of the snapshot. */
export function tryLines({ address, tls, bridgeAddress, snapshot, isRemembered }: Tryable): string[] {
  const vm = snapshot?.hosts.flatMap(({ vms }) => vms)[0];
  const lines: string[] = [];
  if (address !== undefined) {
    if (vm === undefined) {
      const why = snapshot === undefined ? '' : '; no VM runs, so there is none to try it with';
      lines.push(`Scores hosts at ${address}${why}.`);
    } else {
      const request = JSON.stringify({ vm_id: vm.id, all_hosts: true, explain: true });
      const path = /^unix:(.*)$/.exec(address)?.[1];
      // Without an authority it would name the path as one, which Node refuses.
      const place = path === undefined ? address : `-unix -authority localhost ${path}`;
      const target = `${tls ? '-cacert CA.pem' : '-plaintext'} -d '${request}' ${place}`;
      lines.push(
        `Scores hosts at ${address}. Try, for the VM ${vm.name}:`,
        '',
        `  grpcurl ${target} hostscore.v1.PolicyUnitService/ScoreHosts`,
        '',
        ...(isRemembered
          ? [
              `Then ask why:`,
              '',
              `  hostscore why --vm '${vm.name}' --server ${address}${tls ? ' --ca CA.pem' : ''}`,
              '',
            ]
          : []),
      );
    }
  }
  if (bridgeAddress !== undefined) {
    const hosts = snapshot?.hosts.filter(({ status }) => status === 'up').slice(0, EXAMPLE_HOSTS) ?? [];
    const body =
      vm === undefined || hosts.length === 0
        ? writeCall('discover', [])
        : writeCall('runCostFunctions', [
            [['ksm_same_os_score', 1]],
            hosts.map(({ id }) => id),
            vm.id,
            new Map(),
          ]);
    lines.push(
      `Answers the engine at http://${bridgeAddress}/. Try what the engine would ask:`,
      '',
      `  curl -s -H 'Content-Type: text/xml' -d '${body.replaceAll('\n', '')}' http://${bridgeAddress}/`,
      '',
    );
  }
  return lines;
}
