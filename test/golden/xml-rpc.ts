import { connect } from 'node:net';
import { once } from 'node:events';

/** What a call of XML-RPC is given. */
export type Argument =
  string | number | boolean | null | readonly Argument[] | { readonly [member: string]: Argument };

/** Returns the body of a call as the engine sends it. */
export function callOf(method: string, ...params: readonly Argument[]): string {
  const listed = params.map((param) => `<param>${valueOf(param)}</param>`).join('');
  return `<?xml version="1.0" encoding="UTF-8"?><methodCall><methodName>${escaped(method)}</methodName><params>${listed}</params></methodCall>`;
}

function valueOf(argument: Argument): string {
  if (argument === null) return '<value><nil/></value>';
  if (typeof argument === 'string') return `<value><string>${escaped(argument)}</string></value>`;
  if (typeof argument === 'boolean') return `<value><boolean>${argument ? 1 : 0}</boolean></value>`;
  if (typeof argument === 'number') {
    const type = Number.isInteger(argument) ? 'int' : 'double';
    return `<value><${type}>${argument}</${type}></value>`;
  }
  if (isList(argument)) {
    return `<value><array><data>${argument.map(valueOf).join('')}</data></array></value>`;
  }
  const members = Object.entries(argument).map(
    ([name, member]) => `<member><name>${escaped(name)}</name>${valueOf(member)}</member>`,
  );
  return `<value><struct>${members.join('')}</struct></value>`;
}

const isList = (argument: object): argument is readonly Argument[] => Array.isArray(argument);

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** Returns an HTTP request; these headers come in place of those that it has by itself, and none for an empty value. */
export function requestOf(body: string, { line = 'POST / HTTP/1.1', headers = {} }: Parts = {}): string {
  const all = {
    'Content-Type': 'text/xml',
    Host: '127.0.0.1',
    'Content-Length': String(Buffer.byteLength(body)),
    ...headers,
  };
  const head = Object.entries(all).flatMap(([name, value]) => (value === '' ? [] : [`${name}: ${value}`]));
  return `${[line, ...head].join('\r\n')}\r\n\r\n${body}`;
}

/** The parts of a request that a case may change. */
export interface Parts {
  readonly line?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Sends a request as it stands, and returns the bytes of the answer as text. */
export async function send(address: string, request: string): Promise<string> {
  const [host = '', port = ''] = address.split(':');
  const socket = connect(Number(port), host);
  const chunks: Buffer[] = [];
  const answer = () => Buffer.concat(chunks);
  try {
    await once(socket, 'connect');
    const ended = new Promise<void>((resolve, reject) => {
      socket
        .on('end', resolve)
        .on('error', reject)
        .on('data', (chunk) => {
          chunks.push(chunk);
          if (isWhole(answer())) resolve();
        });
    });
    socket.write(request);
    await ended;
  } finally {
    socket.destroy();
  }
  return answer().toString('utf8');
}

/** Tells whether the body is there that the head announces. */
function isWhole(answer: Buffer): boolean {
  const end = answer.indexOf('\r\n\r\n');
  if (end < 0) return false;
  const length = /^content-length: (\d+)$/im.exec(answer.toString('latin1', 0, end).replaceAll('\r', ''));
  return length !== null && answer.length >= end + 4 + Number(length[1]);
}
