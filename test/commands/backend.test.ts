import { expect } from 'chai';
import { createBackendReference } from '../../src/commands/backend.js';
import type { PolicyUnitService } from '../../src/domain/contract.js';
import { SchedulingError } from '../../src/domain/errors.js';
import { call } from '../support/call.js';
import { expectRejection } from '../support/rejection.js';
import { constantService } from '../support/scoring-service.js';
import { testBackend } from '../support/test-backend.js';

const unitsOf = async (service: PolicyUnitService): Promise<string[]> =>
  (await service.listPolicyUnits(call())).units.map(({ name }) => name);

describe('a reference to the backend', () => {
  it('has calls wait for the first backend', async () => {
    const backends = createBackendReference();
    const listed = unitsOf(backends.service);
    expect(backends.current()).to.equal(undefined);
    expect(backends.swap(testBackend(constantService('first')))).to.equal(undefined);
    expect(await listed).to.deep.equal(['first']);
  });

  it('has no call wait longer than its caller', async () => {
    const { service } = createBackendReference();
    const caller = new AbortController();
    const listed = service.listPolicyUnits(call({ signal: caller.signal }));
    caller.abort(new SchedulingError('DEADLINE_EXCEEDED', 'the caller waits no longer'));
    await expectRejection(listed, 'DEADLINE_EXCEEDED', 'the caller waits no longer');
  });

  it('passes calls on to the backend of the moment, and gives back the one before', async () => {
    const backends = createBackendReference();
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    const slow = constantService('first');
    const first = testBackend({
      ...slow,
      async listPolicyUnits(asked) {
        await held;
        return slow.listPolicyUnits(asked);
      },
    });
    backends.swap(first);
    const before = unitsOf(backends.service);
    const swapped = backends.swap(testBackend(constantService('second')));
    expect(swapped?.before).to.equal(first);
    expect(await unitsOf(backends.service)).to.deep.equal(['second']);
    release();
    expect(await before).to.deep.equal(['first']);
    await swapped?.callsEnded;
  });

  it('says that nobody knows hosts when the backend has no inventory', async () => {
    const backends = createBackendReference();
    backends.swap(testBackend(constantService('first')));
    await expectRejection(backends.inventory.getInventory(call()), 'UNIMPLEMENTED', 'engine.url');
  });
});
