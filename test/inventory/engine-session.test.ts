import { expect } from 'chai';
import { MAX_TOKEN_LENGTH, type LoginPause } from '../../src/inventory/engine-session.js';
import { engineVm, vmId } from './engine-world.js';
import { createFakeTime } from './fake-time.js';
import { json, LOGOUT_PATH, TOKEN_PATH, VMS_PATH, type Answer } from './raw-engine.js';
import { codeOf } from './stage.js';
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

  it('hides the last 8 tokens of 9 in the words of the engine', async () => {
    const client = wire.open();
    const used = new Set<string | undefined>();
    wire.engine.on(VM_PATH, (response, seen) => {
      const { authorization } = seen.headers;
      if (used.has(authorization)) response.writeHead(401).end();
      else json(response, engineVm(1));
      used.add(authorization);
    });
    for (let tokens = 1; tokens <= 9; tokens++) await client.getVm(vmId(1), signal);
    expect(used.size).to.equal(9);
    wire.engine.on(VM_PATH, (response) => json(response, { reason: [...used].join(', ') }, 400));
    const { message } = await failure(client.getVm(vmId(1), signal));
    expect(message).to.include(`400: Bearer token-1${', Bearer [secret]'.repeat(8)}`);
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

  it('waits out the pause of an earlier session, which the login with another password does not end', async () => {
    wire.engine.on(TOKEN_PATH, (response, { body }) =>
      body.includes('right')
        ? json(response, { access_token: 'token' })
        : json(response, { error_code: 'access_denied' }, 400),
    );
    const time = createFakeTime();
    const options = { clock: time.clock, pauses: new Map<string, LoginPause>() };
    const ask = (settings: Parameters<typeof wire.open>[0]) =>
      codeOf(wire.open(settings, options).getVm(vmId(1), signal));
    const wrong = { password: () => 'wrong' };
    expect(await ask(wrong)).to.match(/refused .*; check the password/);
    expect(await ask({ password: () => 'right' })).to.equal('OK');
    expect(await ask(wrong)).to.match(/not tried again for 60 s, lest the engine locks the account/);
    expect(wire.engine.count(TOKEN_PATH)).to.equal(2);
    await ask({ ...wrong, username: 'another@internal' });
    await time.advance(60_000);
    await ask(wrong);
    expect(wire.engine.count(TOKEN_PATH)).to.equal(4);
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

  describe('a password that changes', () => {
    let password: string;
    let accepted: string;
    let tokens: number;
    beforeEach(() => {
      [password, accepted, tokens] = ['old', 'old', 0];
      wire.engine.on(TOKEN_PATH, (response, { body }) => {
        if (passwordIn(body) !== accepted) json(response, { error_code: 'access_denied', error: body }, 400);
        else json(response, { access_token: `token-${++tokens}` });
      });
      wire.engine.on(VM_PATH, (response, { headers: { authorization } }) => {
        const basic = `Basic ${Buffer.from(`admin@internal:${accepted}`).toString('base64')}`;
        if ([basic, `Bearer token-${tokens}`].includes(authorization ?? '')) json(response, engineVm(1));
        else response.writeHead(401).end();
      });
    });

    const passwordIn = (body: string) => new URLSearchParams(body).get('password');
    const posted = () =>
      wire.engine.seen.filter(({ url }) => url.endsWith('/token')).map(({ body }) => passwordIn(body));
    const headers = () =>
      wire.engine.seen.map(({ headers: { authorization = '' } }) =>
        Buffer.from(authorization.replace('Basic ', ''), 'base64').toString(),
      );

    it('is read before each login: the old one is not posted again', async () => {
      const client = wire.open({ password: () => password });
      await client.getVm(vmId(1), signal);
      [password, accepted, tokens] = ['new', 'new', 1];
      wire.engine.on(VM_PATH, (response, seen) =>
        seen.headers.authorization === 'Bearer token-2'
          ? json(response, engineVm(1))
          : response.writeHead(401).end(),
      );
      expect((await client.getVm(vmId(1), signal))?.name).to.equal('vm1');
      expect(posted()).to.deep.equal(['old', 'new']);
    });

    it('is posted once when it was refused, and the next one at once', async () => {
      const client = wire.open({ password: () => password });
      accepted = 'new';
      for (let time = 1; time <= 3; time += 1) await failure(client.getVm(vmId(1), signal));
      password = 'new';
      expect((await client.getVm(vmId(1), signal))?.name).to.equal('vm1');
      expect(posted()).to.deep.equal(['old', 'new']);
    });

    it('waits a minute again when the next one is refused too, and keeps both out of errors', async () => {
      const time = createFakeTime();
      const client = wire.open({ password: () => password }, { clock: time.clock });
      accepted = 'neither';
      await failure(client.getVm(vmId(1), signal));
      await time.advance(60_000);
      await failure(client.getVm(vmId(1), signal));
      password = 'n&w';
      const error = await failure(client.getVm(vmId(1), signal));
      expect(error.message).to.include('password=[secret]');
      expect(wire.log.lines.map(({ fields }) => fields['nextTryMs'])).to.deep.equal([
        60_000, 120_000, 60_000,
      ]);
      await time.advance(59_999);
      await failure(client.getVm(vmId(1), signal));
      expect(posted()).to.deep.equal(['old', 'old', 'n&w']);
      await time.advance(1);
      await failure(client.getVm(vmId(1), signal));
      expect(posted()).to.have.length(4);
    });

    it('is read before each request with basic, and a request that was under way with the old one is sent again', async () => {
      const client = wire.open({ auth: 'basic', password: () => password });
      await client.getVm(vmId(1), signal);
      const { engine } = wire;
      let refuse: () => unknown = () => undefined;
      engine.on(VMS_PATH, (response, _seen, count) => {
        if (count === 1) refuse = () => response.writeHead(401).end();
        else json(response, { vm: [engineVm(1)] });
      });
      const underWay = wire.listVms(client);
      while (engine.count(VMS_PATH) === 0) await new Promise((resolve) => setImmediate(resolve));
      password = accepted = 'new';
      await client.getVm(vmId(1), signal);
      refuse();
      expect((await underWay).names).to.deep.equal(['vm1']);
      expect(headers()).to.deep.equal(['old', 'old', 'new', 'new'].map((one) => `admin@internal:${one}`));
      expect(wire.log.lines).to.deep.equal([]);
    });

    it('posts nothing while there is none, says why, and tries again shortly', async () => {
      let isGone = true;
      const client = wire.open({
        password() {
          if (isGone) throw new Error("engine.passwordFile: can't read /p: ENOENT");
          return password;
        },
      });
      const error = await failure(client.getVm(vmId(1), signal));
      expect(error).to.include({
        code: 'UNAVAILABLE',
        message: "engine.passwordFile: can't read /p: ENOENT",
      });
      expect(wire.engine.seen).to.have.length(0);
      const asked = client.getVm(vmId(1), signal);
      isGone = false;
      expect((await asked)?.name).to.equal('vm1');
      expect(posted()).to.deep.equal(['old']);
    });
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
