import { expect } from 'chai';
import { demoWorld } from '../../src/simulator/demo-world.js';
import { SIMULATOR_ACCOUNT } from '../../src/simulator/simulator.js';
import { createSessions, MAX_SESSIONS } from '../../src/simulator/sso.js';
import { call, useSimulator } from './running-simulator.js';

const basic = (username: string, password: string) => ({
  authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`,
});
const GOOD_BASIC = basic(SIMULATOR_ACCOUNT.username, SIMULATOR_ACCOUNT.password);
const HTTP_GRANT = 'urn:ovirt:params:oauth:grant-type:http';
const JSON_WANTED = { accept: 'application/json' };

describe('single sign-on of the simulator', () => {
  let now = 0;
  const simulator = useSimulator(demoWorld, { clock: { now: () => now }, sessionIdleTimeout: 1_000 });
  beforeEach(() => {
    now = 1_000_000;
  });

  it('gives a bearer token whose exp is a string of milliseconds', async () => {
    const reply = await simulator().logIn();
    expect(reply.status).to.equal(200);
    expect(reply.headers.get('content-type')).to.equal('application/json');
    expect(reply.json()).to.have.all.keys('access_token', 'scope', 'token_type', 'exp');
    expect(reply.json()).to.include({ token_type: 'bearer', exp: String(1_000_000 + 7 * 24 * 3_600_000) });
    expect(reply.json()['scope']).to.include('ovirt-app-api');
  });

  it('gives a token for Basic credentials with the HTTP grant', async () => {
    const reply = await simulator().logIn({ grant_type: HTTP_GRANT }, GOOD_BASIC);
    expect(reply.status).to.equal(200);
  });

  const refusals: readonly {
    readonly what: string;
    readonly fields?: Readonly<Record<string, string>>;
    readonly headers?: Record<string, string>;
    readonly code: string;
    readonly error: RegExp;
  }[] = [
    ...['*/*', 'application/json, */*', 'application/json;q=1', 'text/html'].map((accept) => ({
      what: `Accept: ${accept}`,
      headers: { accept },
      code: 'invalid_request',
      error: /Missing parameter: 'Accept Header'/,
    })),
    {
      what: 'a JSON body',
      headers: { 'content-type': 'application/json' },
      code: 'invalid_request',
      error: /grant_type/,
    },
    {
      what: 'another grant',
      fields: { grant_type: 'implicit' },
      code: 'unsupported_grant_type',
      error: /implicit/,
    },
    { what: 'another scope', fields: { scope: 'openid' }, code: 'invalid_scope', error: /ovirt-app-api/ },
    {
      what: 'a wrong password',
      fields: { password: 'nope' },
      code: 'access_denied',
      error: /'admin@internal'/,
    },
    {
      what: 'a wrong user',
      fields: { username: 'x@internal' },
      code: 'access_denied',
      error: /'x@internal'/,
    },
    {
      what: 'a user without a profile',
      fields: { username: 'admin' },
      code: 'access_denied',
      error: /No valid profile/,
    },
    {
      what: 'the HTTP grant alone',
      fields: { grant_type: HTTP_GRANT },
      code: 'access_denied',
      error: /authenticate/,
    },
  ];
  for (const { what, fields, headers, code, error } of refusals) {
    it(`refuses ${what} with 400 ${code}, never with 401`, async () => {
      const reply = await simulator().logIn(fields, headers);
      expect(reply.status).to.equal(400);
      expect(reply.json()).to.have.all.keys('error_code', 'error');
      expect(reply.json()['error_code']).to.equal(code);
      expect(reply.json()['error']).to.match(error);
      expect(reply.text).not.to.include('nope');
    });
  }

  it('takes POST only', async () => {
    const reply = await call(`${simulator().url}/sso/oauth/token?username=a`, { headers: JSON_WANTED });
    expect(reply.status).to.equal(405);
  });

  it('takes a token back: it is 401 from then on, and the session is gone', async () => {
    const { url, token, sessions, get } = simulator();
    expect((await get('/api')).status).to.equal(200);
    expect(sessions.size()).to.equal(1);
    const reply = await call(`${url}/services/sso-logout`, {
      method: 'POST',
      headers: JSON_WANTED,
      body: new URLSearchParams({ scope: 'ovirt-app-api', token }),
    });
    expect([reply.status, reply.json()]).to.deep.equal([200, {}]);
    expect(sessions.size()).to.equal(0);
    expect((await get('/api')).status).to.equal(401);
  });

  it('refuses a logout without a token', async () => {
    const body = new URLSearchParams({ scope: 'ovirt-app-api' });
    const reply = await call(`${simulator().url}/services/sso-logout`, {
      method: 'POST',
      headers: JSON_WANTED,
      body,
    });
    expect([reply.status, reply.json()['error_code']]).to.deep.equal([400, 'invalid_request']);
  });

  it('refuses a body larger than 64 KiB with 413', async () => {
    const reply = await simulator().logIn({ username: 'x'.repeat(70_000) });
    expect(reply.status).to.equal(413);
  });

  const strangers: readonly { readonly what: string; readonly headers: Record<string, string> }[] = [
    { what: 'no credentials', headers: { authorization: '' } },
    { what: 'an unknown token', headers: { authorization: 'Bearer abc' } },
    { what: 'a wrong Basic password', headers: basic('admin@internal', 'nope') },
    {
      what: 'Basic without a colon',
      headers: { authorization: `Basic ${Buffer.from('x').toString('base64')}` },
    },
    { what: 'another scheme', headers: { authorization: 'Digest abc' } },
    {
      what: 'an unknown cookie',
      headers: { authorization: '', cookie: 'JSESSIONID=abc', prefer: 'persistent-auth' },
    },
  ];
  for (const { what, headers } of strangers) {
    it(`answers 401 to ${what}: HTML, and the name of the realm`, async () => {
      const reply = await simulator().get('/api/hosts', headers);
      expect(reply.status).to.equal(401);
      expect(reply.headers.get('www-authenticate')).to.equal('Basic realm="RESTAPI"');
      expect(reply.headers.get('content-type')).to.match(/^text\/html/);
      expect(reply.text).to.match(/^<html>/);
    });
  }

  it('forgets a session that rests for 1,000 ms, and keeps one that is used', async () => {
    const { get } = simulator();
    for (let round = 0; round < 3; round++) {
      now += 999;
      expect((await get('/api')).status).to.equal(200);
    }
    now += 1_000;
    expect((await get('/api')).status).to.equal(401);
  });

  it('drops every session at once, as a restart does, and takes new logins', async () => {
    const { get, freshLogin, sessions } = simulator();
    sessions.dropAll();
    expect((await get('/api')).status).to.equal(401);
    expect((await get('/api', await freshLogin())).status).to.equal(200);
  });

  it('lets Basic in without a session of its own', async () => {
    const { get, sessions } = simulator();
    const before = sessions.size();
    const reply = await get('/api/hosts', GOOD_BASIC);
    expect(reply.status).to.equal(200);
    expect(reply.headers.get('set-cookie')).to.equal(null);
    expect(sessions.size()).to.equal(before);
  });

  it('gives a cookie to Basic with Prefer: persistent-auth, good until a request comes without Prefer', async () => {
    const { get } = simulator();
    const persistent = { prefer: 'persistent-auth', authorization: '' };
    const first = await get('/api', { ...persistent, ...GOOD_BASIC });
    const [cookie = ''] = (first.headers.get('set-cookie') ?? '').split(';');
    expect(first.headers.get('set-cookie')).to.match(
      /^JSESSIONID=[\w-]+; path=\/ovirt-engine\/api; HttpOnly$/,
    );
    const second = await get('/api', { ...persistent, cookie });
    expect([second.status, second.headers.get('set-cookie')]).to.deep.equal([200, null]);
    expect((await get('/api', { authorization: '', cookie })).status).to.equal(401);
    expect((await get('/api', { ...persistent, cookie })).status).to.equal(401);
  });

  it('logs in anew for Prefer: new-auth', async () => {
    const { get } = simulator();
    const prefer = 'persistent-auth, new-auth';
    const first = await get('/api', { ...GOOD_BASIC, prefer });
    const [cookie = ''] = (first.headers.get('set-cookie') ?? '').split(';');
    const second = await get('/api', { ...GOOD_BASIC, prefer, cookie });
    expect(second.headers.get('set-cookie')).to.match(/^JSESSIONID=/);
    expect(second.headers.get('set-cookie')).not.to.include(cookie);
  });

  it('never logs a password or a token', async () => {
    const { lines, logIn, get, token, url } = simulator();
    await logIn();
    await get('/api');
    await call(`${url}/sso/oauth/token?password=${SIMULATOR_ACCOUNT.password}`, { headers: JSON_WANTED });
    const logged = JSON.stringify(lines);
    expect(lines.length).to.be.at.least(4);
    expect(logged).not.to.include(token);
    expect(logged).not.to.include(`password=`);
  });
});

describe('createSessions', () => {
  it(`keeps ${MAX_SESSIONS} sessions: the one unused the longest makes room`, () => {
    const sessions = createSessions({ username: 'u@p', password: 'x', clock: { now: () => 0 } });
    const allowed = (token: string) => sessions.admit({ authorization: `Bearer ${token}` }).allowed;
    const [first = '', second = ''] = Array.from({ length: MAX_SESSIONS }, sessions.open);
    expect(allowed(first)).to.equal(true);
    const latest = sessions.open();
    expect(sessions.size()).to.equal(MAX_SESSIONS);
    expect([first, second, latest].map(allowed)).to.deep.equal([true, false, true]);
  });
});
