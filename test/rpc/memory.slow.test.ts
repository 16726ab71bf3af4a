import { randomBytes } from 'node:crypto';
import { connect as connectHttp2 } from 'node:http2';
import { setTimeout } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { expect } from 'chai';
import { serverSection } from '../../src/config/sections.js';
import { MAX_REFLECTIONS } from '../../src/rpc/admission.js';
import { createRpcClient } from '../../src/rpc/client.js';
import { policyUnitMethods } from '../../src/rpc/proto.js';
import { call } from '../support/call.js';
import { startSmallProcess, type SmallProcess } from '../support/memory.js';
import { until } from '../support/until.js';
import { connectHttp2Peer, dataFrame, grpcMessage, headersFrame, type Http2Peer } from './http2-peer.js';

const SCORE_HOSTS = '/hostscore.v1.PolicyUnitService/ScoreHosts';
const REFLECTION = '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo';
const { maxConcurrentCalls, maxMessageSize } = serverSection.parse({});
const MIB = 1024 ** 2;

/** What the server may keep for callers, in MiB: a message for each place, and 64 MiB for all else. */
const BOUND_MIB = (maxConcurrentCalls * maxMessageSize) / MIB + 64;

/** The same with 64 MiB more: messages of callers that were cut off and are not yet collected lie beside the next ones. */
const BOUND_WITH_GARBAGE_MIB = BOUND_MIB + 64;

const STREAMS = Array.from({ length: 128 }, (_, n) => 2 * n + 1);

/** Half of a message of the largest size, and more: all but its last byte. */
const LONG = grpcMessage(Buffer.alloc(maxMessageSize - 1), maxMessageSize);

describe('memory that callers hold', function () {
  this.timeout(120_000);

  let attacked: SmallProcess;
  let peers: { readonly destroy: () => void }[] = [];
  beforeEach(async () => {
    attacked = await startSmallProcess();
  });
  afterEach(async () => {
    for (const peer of peers) peer.destroy();
    peers = [];
    await attacked.close();
  });

  const listUnits = async () => {
    const client = createRpcClient({ target: attacked.address });
    return client
      .listPolicyUnits(call())
      .then(
        () => 'OK',
        (error: unknown) => String(error),
      )
      .finally(() => client.close());
  };

  /** Calls 128 times over a connection of its own, and sends all of each message but its last byte. */
  function sendSlowly(headers: Readonly<Record<string, string>> = {}): void {
    const session = connectHttp2(`http://${attacked.address}`);
    session.on('error', () => undefined);
    peers.push(session);
    const calls = STREAMS.map(() =>
      session.request({
        ':method': 'POST',
        ':path': SCORE_HOSTS,
        'content-type': 'application/grpc',
        te: 'trailers',
        ...headers,
      }),
    );
    for (const stream of calls) {
      stream.on('error', () => undefined).resume();
      stream.write(LONG);
    }
  }

  async function connectPeer(window: number): Promise<Http2Peer> {
    const peer = await connectHttp2Peer(Number(attacked.address.split(':')[1]), { window });
    peers.push(peer.socket);
    return peer;
  }

  async function expectBounded(bound = BOUND_MIB): Promise<void> {
    await until(listUnits, (outcome) => outcome === 'OK');
    expect(attacked.isAlive()).to.equal(true);
    expect(attacked.grownMiB()).to.be.below(bound);
  }

  it(`is at most ${BOUND_MIB} MiB for messages that come slowly: 4 connections x 128 calls x 1 MiB`, async () => {
    for (let n = 0; n < 4; n++) sendSlowly();
    await setTimeout(12_000);
    await expectBounded();
  });

  it(`is at most ${BOUND_WITH_GARBAGE_MIB} MiB for messages that timed out and whose streams are left open: 8 x 128 x 1 MiB`, async () => {
    for (let n = 0; n < 8; n++) {
      sendSlowly({ 'grpc-timeout': '1S' });
      await setTimeout(1500);
    }
    await expectBounded(BOUND_WITH_GARBAGE_MIB);
  });

  it('is at most 64 MiB for 256 compressed messages of 0.87 MiB that unpack to over 1 MiB', async () => {
    const message = grpcMessage(gzipSync(Buffer.concat([randomBytes(870_000), Buffer.alloc(MIB / 4)])));
    message.writeUInt8(1);
    for (let n = 0; n < 4; n++) {
      const session = connectHttp2(`http://${attacked.address}`);
      session.on('error', () => undefined);
      peers.push(session);
      for (let call = 0; call < maxConcurrentCalls / 4; call++) {
        const stream = session.request({
          ':method': 'POST',
          ':path': SCORE_HOSTS,
          'content-type': 'application/grpc',
          te: 'trailers',
          'grpc-encoding': 'gzip',
        });
        stream.on('error', () => undefined).resume();
        stream.end(message);
      }
    }
    await setTimeout(5000);
    await expectBounded(64);
  });

  /** Asks 5,120 times for the scores of 1,000 hosts, with reasons, over 40 connections. */
  async function askInVain(window: number, isRead: boolean): Promise<void> {
    const client = createRpcClient({ target: attacked.address });
    const { vms } = await client.listVms({ pageSize: 1 }, call());
    client.close();
    const request = { vm_id: vms[0]?.id ?? '', all_hosts: true, explain: true };
    const message = grpcMessage(policyUnitMethods.ScoreHosts.requestSerialize(request));
    for (let n = 0; n < 40; n++) {
      const peer = await connectPeer(window);
      if (!isRead) peer.socket.pause();
      for (const stream of STREAMS) {
        peer.send(headersFrame(stream, SCORE_HOSTS), dataFrame(stream, message, { end: true }));
      }
      await setTimeout(100);
    }
    await setTimeout(12_000);
  }

  it(`is at most ${BOUND_MIB} MiB for answers for which callers leave no window`, async () => {
    await askInVain(0, true);
    await expectBounded();
  });

  it(`is at most ${BOUND_MIB} MiB for answers that callers do not read off their connections`, async () => {
    await askInVain(2 ** 31 - 1, false);
    await expectBounded();
  });

  it(`is at most 64 MiB for reflection that is not read: ${MAX_REFLECTIONS} streams x 10,000 requests`, async () => {
    const name = 'hostscore.v1.PolicyUnitService';
    const ask = grpcMessage(Buffer.concat([Buffer.from([0x22, name.length]), Buffer.from(name)]));
    const many = Buffer.concat(Array.from({ length: 10_000 }, () => ask));
    const peer = await connectPeer(0);
    for (const stream of STREAMS.slice(0, MAX_REFLECTIONS)) {
      peer.send(headersFrame(stream, REFLECTION));
      void peer.sendData(stream, many, 10_000);
    }
    await setTimeout(5000);
    expect(attacked.grownMiB()).to.be.below(64);
    await expectBounded();
  });

  it('is at most 192 MiB for 38,400 calls that are refused and left open', async () => {
    for (let n = 0; n < 300; n++) {
      const peer = await connectPeer(65_535);
      peer.send(...STREAMS.map((stream) => headersFrame(stream, SCORE_HOSTS)));
    }
    await setTimeout(12_000);
    await expectBounded();
    expect(attacked.grownMiB()).to.be.below(192);
  });
});
