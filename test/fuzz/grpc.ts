import { deepStrictEqual } from 'node:assert';
import type { ScoreHostsRequest } from '../../src/domain/contract.js';
import { SchedulingError, type SchedulingErrorCode } from '../../src/domain/errors.js';
import { decodeRequest } from '../../src/rpc/incoming-call.js';
import {
  readInventorySummary,
  readListedHosts,
  readListedVms,
  readListHosts,
  readListVms,
  writeListHosts,
  writeListVms,
} from '../../src/rpc/message/inventory.js';
import { createRequestReader } from '../../src/rpc/message/read-request.js';
import {
  readAcceptedHosts,
  readMigration,
  readPolicyUnits,
  readScores,
} from '../../src/rpc/message/read-response.js';
import {
  readRelease,
  readReleased,
  readReservations,
  readReserve,
  readReserved,
  writeRelease,
  writeReserve,
} from '../../src/rpc/message/reservations.js';
import { createPartReader, readWatch, writeWatch } from '../../src/rpc/message/watch.js';
import { writeBalanceHosts, writeFilterHosts, writeScoreHosts } from '../../src/rpc/message/write-request.js';
import { inventoryMethods, policyUnitMethods } from '../../src/rpc/proto.js';
import { aBalanceRequest, aFilterRequest, aScoreRequest, SNAPSHOT_TIME, uuid } from '../rpc/loopback.js';
import type { FuzzTarget } from './target.js';

const { ScoreHosts, FilterHosts, BalanceHosts, ListPolicyUnits } = policyUnitMethods;
const { ListHosts, ListVms, Reserve, Release, Watch } = inventoryMethods;

/** A way of a request through the server's reader, and back through the client's writer. */
function request<Message, Request>(
  { requestDeserialize }: { readonly requestDeserialize: (bytes: Buffer) => Message },
  read: (message: Message) => Request,
  write: (request: Request, requestId: string) => Buffer,
): (bytes: Buffer) => void {
  const readBytes = (bytes: Buffer) => read(decodeRequest(bytes, requestDeserialize));
  return (bytes) => {
    const value = readBytes(bytes);
    deepStrictEqual(readBytes(write(value, 'r')), value);
  };
}

const reader = createRequestReader(100);

const REQUESTS: readonly ((bytes: Buffer) => void)[] = [
  request(ScoreHosts, reader.scoreHosts, writeScoreHosts),
  request(FilterHosts, reader.filterHosts, writeFilterHosts),
  request(BalanceHosts, reader.balanceHosts, writeBalanceHosts),
  request(ListHosts, readListHosts, writeListHosts),
  request(ListVms, readListVms, writeListVms),
  request(Reserve, readReserve, writeReserve),
  request(Release, readRelease, writeRelease),
  request(Watch, readWatch, writeWatch),
];

const ASKED = aScoreRequest();
const EXPLAINED: ScoreHostsRequest = { ...ASKED, explain: true, hosts: 'ALL_UP' };

const ANSWERS: readonly ((bytes: Buffer) => unknown)[] = [
  (bytes) => readScores(bytes, ASKED),
  (bytes) => readScores(bytes, EXPLAINED),
  (bytes) => readAcceptedHosts(bytes, { explain: true }),
  (bytes) => readMigration(bytes, { explain: true }),
  readPolicyUnits,
  readListedHosts,
  readListedVms,
  readInventorySummary,
  readReserved,
  readReleased,
  readReservations,
  (bytes) => createPartReader()(bytes),
];

const timestamp = { seconds: SNAPSHOT_TIME / 1000, nanos: 0 };

/** Messages of the contract: each is read, or refused by a status that names the field, by both ends. */
export const grpc: FuzzTarget = {
  seeds: [
    writeScoreHosts(
      aScoreRequest({
        properties: new Map([['a', 'b']]),
        assumedPlacements: [{ vmId: uuid(4), hostId: uuid(1) }],
        explainTop: 3,
        explain: true,
      }),
      'r',
    ),
    writeFilterHosts(aFilterRequest({ units: ['a', 'ü'] }), 'r'),
    writeBalanceHosts(aBalanceRequest(), 'r'),
    writeListHosts({ clusterId: uuid(9) }, 'r'),
    writeReserve({ vmId: uuid(3), hostId: uuid(1), ttlMs: 1500 }, 'r'),
    writeWatch({ from: { epoch: 'e', sequence: 7 }, uses: [] }, 'r'),
    ScoreHosts.responseSerialize({
      scores: [uuid(1), uuid(2)].map((host_id) => ({
        host_id,
        score: 5,
        reasons: [{ unit: 'even', text: 'x' }],
      })),
      unit_results: [
        { unit: 'even', scores: { values: [5, 5] } },
        {
          unit: 'b',
          failure: { code: 'FAILURE_CODE_NOT_FOUND', message: 'x', not_found: 'NOT_FOUND_SUBJECT_UNIT' },
        },
      ],
      unknown_host_ids: [uuid(3)],
      snapshot_time: timestamp,
    }),
    ListPolicyUnits.responseSerialize({
      policy_units: [
        {
          name: 'even',
          type: 'POLICY_UNIT_TYPE_SCORE',
          properties: [{ name: 'a', pattern: 'b' }],
        },
      ],
      problems: [{ source: 's', reason: 'r' }],
    }),
  ],
  run(bytes) {
    const requests = REQUESTS.filter((read) =>
      isRead(() => read(bytes), ['INVALID_ARGUMENT', 'RESOURCE_EXHAUSTED']),
    );
    const answers = ANSWERS.filter((read) => isRead(() => read(bytes), ['INTERNAL']));
    return `${requests.length > 0 ? 'request' : 'no request'}, ${answers.length > 0 ? 'answer' : 'no answer'}`;
  },
};

/** Reports whether bytes were read. Throws when they were refused by anything but a message of one of these codes. */
function isRead(read: () => unknown, codes: readonly SchedulingErrorCode[]): boolean {
  try {
    read();
    return true;
  } catch (error) {
    if (!(error instanceof SchedulingError) || !codes.includes(error.code)) throw error;
    if (error.message.length > 1000) throw new Error('a refusal that is too long', { cause: error });
    if (error.message.includes('internal error')) throw new Error('a bug', { cause: error });
    return false;
  }
}
