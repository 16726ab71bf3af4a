import { expect } from 'chai';
import { createHash } from 'node:crypto';
import { rmSync } from 'node:fs';
import { SchedulingError } from '../../src/domain/errors.js';
import {
  createToken,
  followToken,
  followTokens,
  MAX_AUTHORIZATION_LENGTH,
  parseTokens,
  TOKENS_REREAD_MS,
  type Authorize,
} from '../../src/process/tokens.js';
import { createFakeTime } from '../inventory/fake-time.js';
import { memoryLog } from '../support/log.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const SCORE = 'hostscore.v1.PolicyUnitService/ScoreHosts';
const RESERVE = 'hostscore.v1.InventoryService/Reserve';

const lineOf = (name: string, token: string, ...allowed: string[]) =>
  `${name} sha256:${createHash('sha256').update(token).digest('hex')} ${allowed.join(' ')}\n`;

/** The outcome of a check: the name of the token, or the code and the message of its refusal. */
function outcomeOf(check: () => string): string {
  try {
    return check();
  } catch (error) {
    return error instanceof SchedulingError ? `${error.code}: ${error.message}` : String(error);
  }
}

const presented = (token: string) => ({ authorization: `Bearer ${token}`, isPrivate: true });

describe('tokens', () => {
  const folder = temporaryFolder();
  after(() => folder.remove());

  const follow = (text: string, time = createFakeTime()) => {
    const log = memoryLog();
    const authorize = followTokens('server.tokensFile', folder.write('tokens', text), {
      log,
      steady: time.clock,
    });
    return { authorize, log, time };
  };

  it('are 256 random bits, and their line has the hash only', () => {
    const made = [createToken('a', ['*']), createToken('a', ['*'])] as const;
    for (const { token, line } of made) {
      expect(token).to.match(/^hostscore_[A-Za-z0-9_-]{43}$/);
      expect(line)
        .to.equal(lineOf('a', token, '*').trimEnd())
        .and.not.include(token);
    }
    expect(made[0].token).to.not.equal(made[1].token);
  });

  describe('allow', () => {
    for (const [pattern, target, allowed] of [
      ['*', SCORE, true],
      ['*', '/metrics', true],
      ['ScoreHosts', SCORE, true],
      ['ScoreHosts', 'hostscore.v1.PolicyUnitService/StreamScoreHosts', false],
      ['ScoreHosts', RESERVE, false],
      ['hostscore.v1.PolicyUnitService/*', SCORE, true],
      ['hostscore.v1.PolicyUnitService/*', RESERVE, false],
      ['hostscore.v1.PolicyUnitService/*', '/metrics', false],
      [SCORE, SCORE, true],
      [SCORE, 'hostscore.v2.PolicyUnitService/ScoreHosts', false],
      ['/metrics', '/metrics', true],
      ['/metrics', '/config', false],
      ['metrics', '/metrics', false],
    ] as const) {
      it(`${target} by ${pattern}: ${allowed ? 'yes' : 'no'}`, () => {
        const { authorize } = follow(lineOf('a', 'secret', pattern));
        const refusal = `PERMISSION_DENIED: token a does not allow ${target}; it allows ${pattern} (server.tokensFile)`;
        expect(outcomeOf(() => authorize(presented('secret'), target))).to.equal(allowed ? 'a' : refusal);
      });
    }

    it('any of several patterns', () => {
      const { authorize } = follow(lineOf('a', 'secret', 'ListHosts', 'ScoreHosts'));
      expect(authorize(presented('secret'), SCORE)).to.equal('a');
    });
  });

  describe('are refused', () => {
    const most = MAX_AUTHORIZATION_LENGTH - 'Bearer '.length;
    const known = lineOf('a', 'secret', '*') + lineOf('long', 'x'.repeat(most), '*');
    const cases: readonly (readonly [string, Parameters<Authorize>[0], string])[] = [
      ['none', { authorization: undefined, isPrivate: true }, 'takes calls with a token only, and none came'],
      ['another one', presented('secre'), 'is none of this server'],
      ['an empty one', presented(''), 'is none of this server'],
      ['one of another scheme', { authorization: 'Basic secret', isPrivate: true }, 'is none of this server'],
      ['one in clear text', { ...presented('secret'), isPrivate: false }, 'this one came in clear text'],
      [`one of ${most + 1} characters`, presented('x'.repeat(most + 1)), 'is none of this server'],
    ];
    for (const [what, caller, reason] of cases) {
      it(what, () => {
        const { authorize } = follow(known);
        expect(outcomeOf(() => authorize(caller, SCORE)))
          .to.match(/^UNAUTHENTICATED: /)
          .and.include(reason);
      });
    }

    it(`not one of ${most} characters, nor a scheme in other letters`, () => {
      const { authorize } = follow(known);
      expect(authorize(presented('x'.repeat(most)), SCORE)).to.equal('long');
      expect(authorize({ authorization: 'bearer  secret', isPrivate: true }, SCORE)).to.equal('a');
    });

    it('one of whose hash only the beginning is that of a known one', () => {
      const hash = createHash('sha256').update('secret').digest('hex');
      const { authorize } = follow(`a sha256:${hash.slice(0, 16)}${'0'.repeat(48)} *\n`);
      expect(outcomeOf(() => authorize(presented('secret'), SCORE))).to.match(/^UNAUTHENTICATED: /);
    });
  });

  it('may have comments and empty lines between them', () => {
    const text = `# of the gateways\n\n${lineOf('a', 'one', '*')}  \n${lineOf('b', 'two', 'ScoreHosts')}`;
    expect(parseTokens(text).map(({ name }) => name)).to.deep.equal(['a', 'b']);
  });

  describe('of a file that can not be used say which line it is, and never repeat it', () => {
    const expected = 'expected NAME sha256:DIGITS METHOD..., as "hostscore token create NAME --allow METHOD"';
    for (const [what, text, problem] of [
      ['the token itself', 'a hostscore_secret *\n', `line 1: ${expected}`],
      ['no method', lineOf('a', 'secret').replace(' \n', '\n'), `line 1: ${expected}`],
      ['a method that is none', lineOf('a', 'secret', 'Score-Hosts'), `line 1: ${expected}`],
      ['a name that is none', lineOf('-secret', 'secret', '*'), `line 1: ${expected}`],
      ['a hash in upper case', lineOf('a', 'secret', '*').toUpperCase(), `line 1: ${expected}`],
      ['a name twice', lineOf('a', 'x', '*') + lineOf('a', 'y', '*'), 'line 2: a has a line already'],
      ['a token twice', lineOf('a', 'x', '*') + lineOf('b', 'x', '*'), 'line 2: b is the same token as a'],
      ['half a line', lineOf('a', 'x', '*', 'ScoreHosts').slice(0, -4), 'its last line has no line break'],
      ['no token', '# none\n', 'it has no token'],
      ['nothing', '', 'it has no token'],
    ] as const) {
      it(what, () => {
        const message = outcomeOf(() => follow(text).authorize(presented('secret'), SCORE));
        expect(message)
          .to.match(/^INVALID_ARGUMENT: server\.tokensFile: \S+tokens: /)
          .and.include(problem)
          .and.not.include('secret');
      });
    }
  });

  it(`are read anew ${TOKENS_REREAD_MS} ms after the last reading, and not before`, async () => {
    const { authorize, log, time } = follow(lineOf('a', 'one', '*'));
    folder.write('tokens', lineOf('b', 'two', '*'));
    await time.advance(TOKENS_REREAD_MS - 1);
    expect(authorize(presented('one'), SCORE)).to.equal('a');
    await time.advance(1);
    expect(authorize(presented('two'), SCORE)).to.equal('b');
    expect(outcomeOf(() => authorize(presented('one'), SCORE))).to.match(/^UNAUTHENTICATED: /);
    const [file] = log.lines.flatMap(({ event, fields }) =>
      event === 'changed files taken' ? [fields['files']] : [],
    );
    expect(file).to.match(/tokens$/);
  });

  for (const [what, spoil] of [
    ['is missing', () => rmSync(`${folder.path}/tokens`)],
    ['is empty', () => folder.write('tokens', '')],
    ['is half written', () => folder.write('tokens', lineOf('b', 'two', '*').slice(0, 30))],
  ] as const) {
    it(`stay the last good ones while their file ${what}`, async () => {
      const { authorize, log, time } = follow(lineOf('a', 'one', '*'));
      spoil();
      await time.advance(TOKENS_REREAD_MS);
      expect(authorize(presented('one'), SCORE)).to.equal('a');
      expect(log.lines.map(({ event }) => event)).to.include('changed files not taken');
    });
  }

  it('are named in the log when they are used first, anew after each change of their file', async () => {
    const text = lineOf('a', 'one', '*');
    const { authorize, log, time } = follow(text);
    const used = () => log.lines.filter(({ event }) => event === 'token used').map(({ fields }) => fields);
    authorize(presented('one'), SCORE);
    authorize(presented('one'), RESERVE);
    expect(used()).to.deep.equal([{ token: 'a', target: SCORE }]);
    folder.write('tokens', `# changed\n${text}`);
    await time.advance(TOKENS_REREAD_MS);
    authorize(presented('one'), RESERVE);
    expect(used().slice(1)).to.deep.equal([{ token: 'a', target: RESERVE }]);
  });
});

describe('the token of a client', () => {
  const folder = temporaryFolder();
  after(() => folder.remove());

  it('is the one line of its file, read anew', async () => {
    const time = createFakeTime();
    const token = followToken('--token-file', folder.write('token', 'one\n'), { steady: time.clock });
    expect(token()).to.equal('one');
    folder.write('token', 'two');
    await time.advance(TOKENS_REREAD_MS - 1);
    expect(token()).to.equal('one');
    await time.advance(1);
    expect(token()).to.equal('two');
    folder.write('token', '');
    await time.advance(TOKENS_REREAD_MS);
    expect(token()).to.equal('two');
  });

  for (const [what, text] of [
    ['nothing', '\n'],
    ['two lines', 'secret\nsecret\n'],
    ['a line for the server', lineOf('a', 'secret', '*')],
    ['more than a header takes', 'secret'.repeat(100)],
  ] as const) {
    it(`is refused with ${what} in its file, which is not repeated`, () => {
      const file = folder.write('bad', text);
      const message = outcomeOf(() => followToken('--token-file', file)());
      expect(message)
        .to.include(`INVALID_ARGUMENT: --token-file: ${file} holds no token`)
        .and.not.include('secret');
    });
  }

  it('is refused when its file is not there', () => {
    const message = outcomeOf(() => followToken('services[0].tokenFile', '/nowhere/token')());
    expect(message).to.include("INVALID_ARGUMENT: services[0].tokenFile: can't read /nowhere/token: ENOENT");
  });
});
