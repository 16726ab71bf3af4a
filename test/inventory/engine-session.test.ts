import { expect } from 'chai';
import { MAX_TOKEN_LENGTH } from '../../src/inventory/engine-session.js';
import { engineVm, vmId } from './engine-world.js';
import { createFakeTime } from './fake-time.js';
import { json, LOGOUT_PATH, TOKEN_PATH, VMS_PATH, type Answer } from './raw-engine.js';
import { failure, useWire, VM_PATH } from './wire.js';

describe('createEngineSession', () => {
  const wire = useWire();
  const signal = new AbortController().signal;

  it('gets a new token once when the engine refuses the old one, for all callers together', async () => {
    const client = wire.open();
    await client.getVm(vmId(1), signal);
    const unlessRenewed =
      (answer: Answer): Answer =>
      (response, seen, count) => {
        if (seen.headers.authorization === 'Bearer token-1') {
          response.writeHead(401, { 'content-type': 'text/html' }).end('<html>{"access_token":"no"}</html>');
        } else answer(response, seen, count);
      };
    wire.engine.on(
      VM_PATH,
      unlessRenewed((response) => json(response, engineVm(1))),
    );
    wire.engine.on(
      VMS_PATH,
      unlessRenewed((response) => json(response, { vm: [engineVm(1)] })),
    );
    await Promise.all([client.getVm(vmId(1), signal), client.getVm(vmId(1), signal), wire.listVms(client)]);
    expect(wire.engine.count(TOKEN_PATH)).to.equal(2);
  });

  it('keeps the new token when a request with the old one is refused late', async () => {
    const client = wire.open();
    await client.getVm(vmId(1), signal);
    let refuseLate: () => void = () => undefined;
    wire.engine.on(VM_PATH, (response, seen) => {
      if (seen.headers.authorization === 'Bearer token-2') json(response, engineVm(1));
      else refuseLate = () => response.writeHead(401).end();
    });
    const late = client.getVm(vmId(1), signal);
    wire.engine.on(VMS_PATH, (response, seen) => {
      if (seen.headers.authorization === 'Bearer token-2') json(response, {});
      else response.writeHead(401).end();
    });
    while (wire.engine.count(VM_PATH) < 2) await new Promise((resolve) => setImmediate(resolve));
    await wire.listVms(client);
    refuseLate();
    await late;
    expect(wire.engine.count(TOKEN_PATH)).to.equal(2);
  });

  it('gives up when the engine refuses the new token too', async () => {
    wire.engine.on(VM_PATH, (response) =>
      response.writeHead(401, { 'content-type': 'text/html' }).end('<html>'),
    );
    const error = await failure(wire.open().getVm(vmId(1), signal));
    expect(error.code).to.equal('UNAVAILABLE');
    expect(error.message).to.match(/refuses a token that it has just given \(401\).*admin@internal/);
    expect(wire.engine.count(TOKEN_PATH)).to.equal(2);
    expect(wire.engine.count(VM_PATH)).to.equal(2);
  });

  it('revokes the token when it is closed', async () => {
    const client = wire.open();
    await client.getVm(vmId(1), signal);
    await client.close();
    const [logout] = wire.engine.seen.filter(({ url }) => url.endsWith('/sso-logout'));
    expect(Object.fromEntries(new URLSearchParams(logout?.body))).to.deep.equal({
      scope: 'ovirt-app-api',
      token: 'token-1',
    });
    expect((await failure(client.getVm(vmId(1), signal))).code).to.equal('CANCELLED');
  });

  for (const [what, answer] of [
    ['never answers', () => undefined],
    ['answers 500', (response) => response.writeHead(500).end()],
    ['hangs up', (response) => response.socket?.destroy()],
  ] satisfies (readonly [string, Answer])[]) {
    it(`closes within its time when the engine ${what}, with a log line`, async () => {
      wire.engine.on(LOGOUT_PATH, answer);
      const client = wire.open();
      await client.getVm(vmId(1), signal);
      await client.close();
      expect(wire.log.lines.map(({ event }) => event)).to.deep.equal(['engine token not revoked']);
    });
  }

  it('does not try a refused login again before its pause is over, which doubles', async () => {
    const time = createFakeTime();
    wire.engine.on(TOKEN_PATH, (response) =>
      json(response, { error_code: 'access_denied', error: 'Cannot authenticate user' }, 400),
    );
    const client = wire.open({}, { clock: time.clock });
    const logins: number[] = [];
    for (let minute = 0; minute <= 243; minute += 1) {
      const error = await failure(client.getVm(vmId(1), signal));
      expect(error.message).to.match(/Cannot authenticate user.*check the password/);
      if (wire.engine.count(TOKEN_PATH) > logins.length) logins.push(minute);
      await time.advance(60_000);
    }
    // Pauses of 1, 2, 4, 8, 16, 32, 60, 60 and 60 minutes.
    expect(logins).to.deep.equal([0, 1, 3, 7, 15, 31, 63, 123, 183, 243]);
    expect(wire.log.lines.filter(({ event }) => event === 'engine login refused')).to.have.length(10);
  });

  it('waits no longer because the clock was set back', async () => {
    const time = createFakeTime();
    wire.engine.on(TOKEN_PATH, (response) => json(response, { error: 'access_denied' }, 400));
    const client = wire.open({}, { clock: time.clock });
    await failure(client.getVm(vmId(1), signal));
    time.set(0);
    await failure(client.getVm(vmId(1), signal));
    expect(wire.engine.count(TOKEN_PATH)).to.equal(2);
  });

  it('counts requests that basic refuses together as one refusal', async () => {
    wire.engine.on(VM_PATH, (response) => response.writeHead(401).end());
    wire.engine.on(VMS_PATH, (response) => response.writeHead(401).end());
    const client = wire.open({ auth: 'basic' });
    const errors = await Promise.all([failure(client.getVm(vmId(1), signal)), failure(wire.listVms(client))]);
    for (const { message } of errors) expect(message).to.match(/refuses user "admin@internal".*\(401\)/);
    expect(wire.log.lines).to.have.length(1);
    await failure(client.getVm(vmId(1), signal));
    expect(wire.engine.seen).to.have.length(2);
  });

  it('lets one caller go without ending the login that others wait for', async () => {
    let answerLogin = () => undefined as unknown;
    wire.engine.on(TOKEN_PATH, (response) => {
      answerLogin = () => json(response, { access_token: 'late' });
    });
    const client = wire.open();
    const impatient = new AbortController();
    const gone = failure(client.getVm(vmId(1), impatient.signal));
    const stays = client.getVm(vmId(1), signal);
    while (wire.engine.count(TOKEN_PATH) === 0) await new Promise((resolve) => setImmediate(resolve));
    impatient.abort();
    expect((await gone).code).to.equal('CANCELLED');
    answerLogin();
    expect((await stays)?.name).to.equal('vm1');
    expect(wire.engine.count(TOKEN_PATH)).to.equal(1);
  });

  const unusable: readonly (readonly [string, string, RegExp])[] = [
    ['a line break', 'a\r\nX-Evil: 1', /access_token has characters that no header can hold/],
    ['a space', 'a b', /access_token has characters that no header can hold/],
    ['a letter beyond ASCII', 'tök', /access_token has characters that no header can hold/],
    [
      `${MAX_TOKEN_LENGTH} + 1 characters`,
      't'.repeat(MAX_TOKEN_LENGTH + 1),
      /access_token has 8001 characters, and at most 8000 fit/,
    ],
    ['60,000 characters', 't'.repeat(60_000), /access_token has 60000 characters/],
  ];
  for (const [what, token, message] of unusable) {
    it(`takes no token of ${what}, and logs in again the next time`, async () => {
      wire.engine.on(TOKEN_PATH, (response, _seen, nth) =>
        json(response, { access_token: nth === 1 ? token : 'good' }),
      );
      const client = wire.open();
      const error = await failure(client.getVm(vmId(1), signal));
      expect(error.message).to.match(message).and.not.include(token);
      expect((await client.getVm(vmId(1), signal))?.name).to.equal('vm1');
    });
  }

  it(`takes a token of ${MAX_TOKEN_LENGTH} characters`, async () => {
    const token = 't'.repeat(MAX_TOKEN_LENGTH);
    wire.engine.on(TOKEN_PATH, (response) => json(response, { access_token: token }));
    expect((await wire.open().getVm(vmId(1), signal))?.name).to.equal('vm1');
    expect(wire.engine.seen.at(-1)?.headers.authorization).to.equal(`Bearer ${token}`);
  });

  const misfits: readonly (readonly [string, Answer])[] = [
    ...[400, 413, 431].map((status): readonly [string, Answer] => [
      `is answered ${status}`,
      (response) => response.writeHead(status).end(),
    ]),
    ['makes the server close the connection', (response) => response.destroy()],
  ];
  for (const [what, answer] of misfits) {
    it(`drops a token that the engine never accepted when it ${what}`, async () => {
      const spoiled: Answer = (response, seen) =>
        seen.headers.authorization === 'Bearer token-1'
          ? answer(response, seen, 1)
          : json(response, engineVm(1));
      wire.engine.on(VM_PATH, spoiled);
      const client = wire.open();
      await client.getVm(vmId(1), signal).catch(() => undefined);
      expect((await client.getVm(vmId(1), signal))?.name).to.equal('vm1');
      expect(wire.engine.count(TOKEN_PATH)).to.equal(2);
    });

    it(`keeps a token that the engine has accepted when another request ${what}`, async () => {
      const client = wire.open();
      await client.getVm(vmId(1), signal);
      wire.engine.on(VM_PATH, answer);
      await failure(client.getVm(vmId(1), signal));
      wire.engine.on(VM_PATH, (response) => json(response, engineVm(1)));
      expect((await client.getVm(vmId(1), signal))?.name).to.equal('vm1');
      expect(wire.engine.count(TOKEN_PATH)).to.equal(1);
    });
  }
});
