import type { ServerResponse } from 'node:http';
import { expect } from 'chai';
import { engineVm, vmId } from './engine-world.js';
import { json, TOKEN_PATH, type Answer } from './raw-engine.js';
import { failure, useWire, VM_PATH } from './wire.js';

/** Sends a refusal of that many bytes. */
function sized(response: ServerResponse, bytes: number): void {
  const words = '{"error":"server_error"}';
  response.writeHead(400, { 'content-type': 'application/json' }).end(words.padEnd(bytes));
}

describe('createRefusalReader', () => {
  const wire = useWire();
  const signal = new AbortController().signal;

  const odd: readonly (readonly [string, Answer, RegExp])[] = [
    ['another VM', (r) => json(r, engineVm(2)), /answered with vm 882b9a7c-0000-4000-8000-000000000002/],
    ['an odd VM', (r) => json(r, engineVm(1, { host: 5 })), /vm "882b9a7c.*": host.id: /],
    [
      'no JSON',
      (r) => r.writeHead(200, { 'content-type': 'application/json' }).end('{'),
      /no JSON, or was cut/,
    ],
    [
      'the page of a server that starts',
      (r) => r.writeHead(404, { 'content-type': 'text/html' }).end('<p>'),
      /404/,
    ],
    ['too much', (r) => json(r, engineVm(1, { comment: 'x'.repeat(2 ** 20) })), /more than 1048576 bytes/],
  ];
  for (const [what, answer, message] of odd) {
    it(`is no unknown VM: ${what}`, async () => {
      wire.engine.on(VM_PATH, answer);
      const error = await failure(wire.open().getVm(vmId(1), signal));
      expect(error.code).to.equal('UNAVAILABLE');
      expect(error.message).to.match(message);
    });
  }

  const logins: readonly (readonly [string, Answer, RegExp])[] = [
    [
      'the first shape of a refusal',
      (r) => json(r, { error_code: 'access_denied', error: "Cannot authenticate user 'x@internal'" }, 400),
      /login of "admin@internal" at http.*: refused \(access_denied: Cannot authenticate user 'x@internal'\); check the password, and the profile/,
    ],
    [
      'the second shape of a refusal',
      (r) => json(r, { error: 'invalid_grant', error_description: 'No valid profile' }, 400),
      /refused \(invalid_grant: No valid profile\); check/,
    ],
    ['another error', (r) => json(r, { error: 'server_error' }, 400), /answered 400: server_error$/],
    [
      '401 with a page',
      (r) => r.writeHead(401, { 'content-type': 'text/html' }).end('<p>'),
      /refused; check the password/,
    ],
    ['no SSO there', (r) => r.writeHead(404).end('<p>'), /login.*answered 404; is http.* the engine's URL/],
    ['a page', (r) => r.writeHead(200, { 'content-type': 'text/html' }).end('<p>'), /instead of JSON/],
    ['no token', (r) => json(r, { exp: '1' }), /the answer has no access_token/],
    ['a token that is no text', (r) => json(r, { access_token: 5 }), /no access_token/],
    [
      'a redirect',
      (r) => r.writeHead(302, { location: '/elsewhere?a=b' }).end(),
      /points to http:\/\/127.*\/elsewhere,/,
    ],
    [
      'control characters',
      (r) => json(r, { error: 'invalid_grant\n\u001b[31m' }, 400),
      /400: invalid_grant \[31m/,
    ],
    ['65,536 bytes', (r) => sized(r, 65_536), /answered 400: server_error$/],
    ['65,537 bytes, which are not read', (r) => sized(r, 65_537), /answered 400$/],
    ['very long words', (r) => json(r, { error: 'x'.repeat(5000) }, 400), /400: x{300}\.\.\.$/],
  ];
  for (const [what, answer, message] of logins) {
    it(`says what to do about a login that is answered with ${what}`, async () => {
      wire.engine.on(TOKEN_PATH, answer);
      const error = await failure(wire.open().getVm(vmId(1), signal));
      expect(error.code).to.equal('UNAVAILABLE');
      expect(error.message).to.match(message);
    });
  }
});
