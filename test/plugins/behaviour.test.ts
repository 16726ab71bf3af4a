import { describePolicyUnitService } from '../contract/policy-unit-service.js';
import { describeWithPython, hostFixture } from './with-python.js';

describeWithPython('plugins', () => {
  describePolicyUnitService(
    'plugin host',
    async () => {
      const service = await hostFixture('contract', { settings: { direction: 'score' } });
      return { service, close: service.close };
    },
    {
      inventory: 'a plugin asks the engine itself',
      'typed properties':
        'the old contract has no defaults, and the engine has checked the values in its own dialect',
    },
  );
});
