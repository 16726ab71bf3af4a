import { connect, constants, type ClientHttp2Session, type ClientHttp2Stream } from 'node:http2';

/**
 * A caller of gRPC methods that sends bytes made beforehand and does not decode what comes: it takes less CPU than any
 * server of gRPC, so that the server is what is measured.
 */
export interface GrpcCaller {
  /** Makes one unary call. Returns the message of the answer; rejects when the status is not OK. */
  readonly unary: (path: string, message: Buffer) => Promise<Buffer>;
  /** Gets that many answers over one stream, with up to `ahead` requests sent beyond the answers that came. */
  readonly stream: (path: string, message: Buffer, answers: number, ahead: number) => Promise<void>;
  readonly close: () => void;
}

/** Length of what precedes a message: a flag and its length. */
const PREFIX = 5;

/** Bytes that a peer may send ahead, on a connection and on a stream: enough that nothing waits for its leave. */
const WINDOW = 16 * 1024 ** 2;

/** Connects to a server of gRPC without TLS. */
export function createGrpcCaller(address: string): GrpcCaller {
  const session = connect(`http://${address}`, {
    settings: { initialWindowSize: WINDOW, enablePush: false },
    // In MiB. Node ends a session of more, 10 by default, as 32 streams of requests for 1,000 hosts take.
    maxSessionMemory: 256,
  });
  session.once('connect', () => session.setLocalWindowSize(WINDOW));

  return {
    unary: (path, message) =>
      new Promise((resolve, reject) => {
        const chunks: Buffer[] = [];
        const answer = () => resolve(Buffer.concat(chunks).subarray(PREFIX));
        const stream = open(session, path, { resolve: answer, reject });
        stream.on('data', (chunk: Buffer) => chunks.push(chunk));
        stream.end(framed(message));
      }),
    stream: (path, message, answers, ahead) =>
      new Promise((resolve, reject) => {
        const stream = open(session, path, { resolve, reject });
        const frame = framed(message);
        let [sent, received] = [0, 0];
        const send = () => {
          const due = Math.min(answers, received + ahead) - sent;
          if (due > 0) stream.write(due === 1 ? frame : Buffer.concat(Array<Buffer>(due).fill(frame)));
          sent += due;
          if (received === answers) stream.end();
        };
        countMessages(stream, (count) => {
          received += count;
          // Half of them at a time: a write for each answer would cost more than the answer.
          if (received === answers || sent - received <= ahead / 2) send();
        });
        send();
      }),
    close: () => session.close(),
  };
}

function open(
  session: ClientHttp2Session,
  path: string,
  { resolve, reject }: { readonly resolve: () => void; readonly reject: (reason: Error) => void },
): ClientHttp2Stream {
  const stream = session.request({
    [constants.HTTP2_HEADER_METHOD]: 'POST',
    [constants.HTTP2_HEADER_PATH]: path,
    [constants.HTTP2_HEADER_TE]: 'trailers',
    [constants.HTTP2_HEADER_CONTENT_TYPE]: 'application/grpc',
  });
  let status: unknown;
  let words: unknown;
  const read = (headers: Readonly<Record<string, unknown>>) => {
    status ??= headers['grpc-status'];
    words ??= headers['grpc-message'];
  };
  stream.on('response', read).on('trailers', read);
  stream.on('error', reject);
  stream.on('close', () => {
    if (status === '0') resolve();
    else reject(new Error(`status ${String(status)}: ${decodeURIComponent(String(words))}`));
  });
  return stream;
}

function framed(message: Buffer): Buffer {
  const prefix = Buffer.alloc(PREFIX);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}

/** Tells of each chunk how many messages it ended. */
function countMessages(stream: ClientHttp2Stream, onMessages: (count: number) => void): void {
  const prefix = Buffer.alloc(PREFIX);
  let prefixBytes = 0;
  let left = 0;
  stream.on('data', (chunk: Buffer) => {
    let count = 0;
    for (let at = 0; at < chunk.length;) {
      if (left > 0) {
        const taken = Math.min(left, chunk.length - at);
        left -= taken;
        at += taken;
      } else {
        const taken = chunk.copy(prefix, prefixBytes, at, at + PREFIX - prefixBytes);
        prefixBytes += taken;
        at += taken;
        if (prefixBytes < PREFIX) break;
        prefixBytes = 0;
        left = prefix.readUInt32BE(1);
      }
      if (left === 0 && prefixBytes === 0) count++;
    }
    if (count > 0) onMessages(count);
  });
}
