import { expect } from 'chai';
import { createSessions } from '../../src/simulator/sessions.js';

describe('createSessions', () => {
  it('keeps 3 sessions when told 3: the one unused the longest makes room', () => {
    const sessions = createSessions({
      username: 'u@p',
      password: 'x',
      idleTimeout: 1_000,
      clock: { now: () => 0 },
      maxSessions: 3,
    });
    const allowed = (token: string) => sessions.admit({ authorization: `Bearer ${token}` }).allowed;
    const [first, second, third] = [sessions.open(), sessions.open(), sessions.open()];
    expect(allowed(first)).to.equal(true);
    const fourth = sessions.open();
    expect(sessions.size()).to.equal(3);
    expect([first, second, third, fourth].map(allowed)).to.deep.equal([true, false, true, true]);
  });
});
