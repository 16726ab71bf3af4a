import { writeSync } from 'node:fs';
import { openDecisionLog } from '../../src/decisions/log.js';
import { decisionAt, hostsNamed, scoreUnit, uuid } from './sample.js';

// Appends decisions to the log in a folder without an end, and prints the ids of those that are written.
const [, , dir = ''] = process.argv;
const silent = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};
const log = openDecisionLog({
  ...{ dir, maxBytes: 2 ** 20, maxAgeMs: Infinity, owns: () => true, log: silent },
});
const hosts = hostsNamed(100);
const unit = () => ({ ...scoreUnit('u', 0), values: hosts.map(() => Math.floor(Math.random() * 101)) });
for (let n = 0; ; n++) {
  const decisions = Array.from({ length: 1 + (n % 40) }, (_, place) =>
    decisionAt(Date.now(), { hosts, units: [unit()], vm: { id: uuid(place) } }),
  );
  for (const decision of decisions) log.append(decision);
  if (await log.flush()) writeSync(1, `${decisions.map(({ id }) => id).join('\n')}\n`);
}
