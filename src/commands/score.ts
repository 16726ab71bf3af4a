import type { ScoreHostsResponse, WeightedUnit } from '../domain/contract.js';
import { CommandError, print, type Io } from './io.js';
import { withClient, type ClientOptions } from './open-client.js';
import { scoreTable } from './score-table.js';

/** What `hostscore score` asks for. */
export interface ScoreOptions extends ClientOptions {
  readonly vm: string;
  /** Absent: all hosts that are up. */
  readonly host?: readonly string[];
  /** Absent: every score unit of the server. */
  readonly unit?: readonly WeightedUnit[];
  readonly property?: ReadonlyMap<string, string>;
  readonly json?: boolean;
}

/** `hostscore score`: scores hosts for a VM and prints them ranked, with reasons. */
export async function score(options: ScoreOptions, io: Io): Promise<void> {
  const response = await withClient(options, io, (client, call) =>
    client.scoreHosts(
      {
        vmId: options.vm,
        hosts: options.host ?? 'ALL_UP',
        units: options.unit ?? [],
        properties: options.property ?? new Map<string, string>(),
        assumedPlacements: [],
        explain: true,
      },
      call,
    ),
  );
  if (options.json === true) {
    print(io, JSON.stringify(scoreJson(response), null, 2));
    return;
  }
  print(io, ...scoreTable(response, { weightSum: weightSumOf(response, options.unit), now: Date.now() }));
  for (const { unit, failure } of response.unitResults) {
    if (failure !== undefined) io.stderr.write(`unit ${unit} failed: ${failure.code}: ${failure.message}\n`);
  }
  for (const id of response.unknownHostIds) io.stderr.write(`host ${id} is unknown to the engine\n`);
  if (response.unitResults.every(({ value }) => value === undefined)) {
    throw new CommandError('no unit answered, so the scores above are not worth anything');
  }
}

/** The weights of the units that answered: what the highest score there can be is a multiple of. */
function weightSumOf({ unitResults }: ScoreHostsResponse, units: readonly WeightedUnit[] = []): number {
  const weights = new Map(units.map(({ name, weight }) => [name, weight]));
  return unitResults.reduce(
    (sum, { unit, value }) => sum + (value === undefined ? 0 : (weights.get(unit) ?? 1)),
    0,
  );
}

function scoreJson({ scores, explanation, snapshotTime, ...rest }: ScoreHostsResponse): object {
  return {
    scores: scores.map((row, place) => ({
      ...row,
      hostName: explanation?.hostName(place),
      reasons: explanation?.reasons(place),
    })),
    ...rest,
    ...(snapshotTime === undefined ? {} : { snapshotTime: new Date(snapshotTime).toISOString() }),
  };
}
