// Writes one text after the other into the state folder that the command line names, until it is killed.
import { createLog } from '../../src/process/log.js';
import { openStateDir } from '../../src/process/state-dir.js';

const [dir = ''] = process.argv.slice(2);
const state = await openStateDir({ dir, log: createLog({ level: 'warn', format: 'text' }) });
process.stdout.write(state.owns() ? 'owns\n' : 'reads\n');
state.onOwned(() => process.stdout.write('took over\n'));
for (let round = 0; ; round++) {
  const mark = `${process.pid}-${round}`;
  const written = await state.write('a.json', JSON.stringify([mark, 'x'.repeat(200_000), mark]));
  if (!written) await new Promise((resolve) => setTimeout(resolve, 100));
}
