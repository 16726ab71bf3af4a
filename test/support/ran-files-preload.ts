// Loaded into a process of `hostscore` before its first line, it tells the parent which files of src/ ran meanwhile.
import { Session } from 'node:inspector';

const SRC = new URL('../../src/', import.meta.url).href;
const GENERATED = `${SRC}gen/`;

const session = new Session();
session.connect();
session.post('Profiler.enable');

process.on('message', (order) => {
  if (order === 'start') {
    session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: false }, (error) => {
      if (error !== null) throw error;
      process.send?.([]);
    });
    return;
  }
  session.post('Profiler.takePreciseCoverage', (error, taken) => {
    if (error !== null) throw error;
    const ran = taken.result.filter(({ functions }) =>
      // What begins at the head of a file is the file itself, which runs when it is imported.
      functions.some(({ ranges }) => ranges.some(({ count, startOffset }) => count > 0 && startOffset > 0)),
    );
    const ours = ran.filter(({ url }) => url.startsWith(SRC) && !url.startsWith(GENERATED));
    process.send?.(ours.map(({ url }) => url.slice(SRC.length)).sort());
  });
  session.post('Profiler.stopPreciseCoverage');
});
process.on('disconnect', () => process.exit());
