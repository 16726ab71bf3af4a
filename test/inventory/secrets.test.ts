import { inspect } from 'node:util';
import { expect } from 'chai';
import { vmId } from './engine-world.js';
import { json, LOGOUT_PATH, TOKEN_PATH, type Answer, type RawEngine } from './raw-engine.js';
import { PASSWORD, useWire, VM_PATH } from './wire.js';

describe('secrets', () => {
  const wire = useWire();
  const signal = new AbortController().signal;

  const form = new URLSearchParams({ p: PASSWORD }).toString().slice(2);
  const secrets = [
    PASSWORD,
    form,
    encodeURIComponent(PASSWORD),
    Buffer.from(PASSWORD).toString('base64'),
    Buffer.from(`admin@internal:${PASSWORD}`).toString('base64'),
    JSON.stringify(PASSWORD).slice(1, -1),
    'token-1',
    'token-2',
  ];
  const echo: Answer = (response, { body, headers }) =>
    json(
      response,
      { error: body, error_description: PASSWORD, detail: headers.authorization, reason: PASSWORD },
      400,
    );
  const cases: readonly (readonly [string, (engine: RawEngine) => void])[] = [
    ['an SSO that echoes the form', ({ on }) => on(TOKEN_PATH, echo)],
    ['an API that echoes the headers', ({ on }) => on(VM_PATH, echo)],
    ['401 again and again', ({ on }) => on(VM_PATH, (r) => r.writeHead(401).end())],
    ['a reset', ({ on }) => on(VM_PATH, (r) => r.socket?.destroy())],
    ['a reset login', ({ on }) => on(TOKEN_PATH, (r) => r.socket?.destroy())],
    ['no answer', ({ on }) => on(VM_PATH, () => undefined)],
    ['no answer to the login', ({ on }) => on(TOKEN_PATH, () => undefined)],
    [
      'a redirect that echoes',
      ({ on }) =>
        on(VM_PATH, (r, { headers }) =>
          r.writeHead(302, { location: `/${encodeURIComponent(headers.authorization ?? '')}/${form}` }).end(),
        ),
    ],
    [
      'a content type that echoes',
      ({ on }) =>
        on(VM_PATH, (r, { headers }) =>
          r.writeHead(200, { 'content-type': headers.authorization ?? '' }).end(),
        ),
    ],
    [
      'a login without a token',
      ({ on }) =>
        on(TOKEN_PATH, (r) => r.writeHead(200, { 'content-type': 'application/json' }).end(`"${PASSWORD}"`)),
    ],
  ];
  for (const auth of ['oauth', 'basic'] as const) {
    for (const [what, prepare] of cases) {
      it(`stay out of errors and log lines with ${auth} and ${what}`, async () => {
        prepare(wire.engine);
        wire.engine.on(LOGOUT_PATH, echo);
        const client = wire.open({ auth, responseTimeout: 20 });
        const error = await client.getVm(vmId(1), signal).catch((thrown: unknown) => thrown);
        await client.close();
        const shown = [
          inspect(error, { showHidden: true, depth: Infinity }),
          JSON.stringify(error),
          String(error),
          error instanceof Error ? error.stack : '',
          inspect(wire.log.lines, { showHidden: true, depth: Infinity }),
        ].join('\n');
        for (const secret of secrets) expect(shown).not.to.include(secret);
      });
    }
  }
});
