import { expect } from 'chai';
import { join } from 'node:path';
import { offered, scripted } from '../composite/stage.js';
import { ASKED_HOSTS, ASKED_UNITS, FILTER_ANSWERS, SCORE_ANSWERS } from '../domain/lying-answers.js';
import { startProgram } from '../support/program.js';
import { FREE_PORTS } from '../support/scoring.js';
import { startScoringService } from '../support/scoring-service.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { vmId } from '../support/world.js';
import { callEngineMethod } from '../support/xml-rpc.js';

describe('a service that lies to an engine, through the bridge', () => {
  const folder = temporaryFolder();
  const closers: (() => unknown)[] = [() => folder.remove()];
  const liar = scripted(...ASKED_UNITS.flatMap((name) => [offered('SCORE', name), offered('FILTER', name)]));
  let address = '';
  before(async () => {
    const { target, stop } = await startScoringService(liar);
    const program = startProgram([
      ...['bridge', ...FREE_PORTS, '--services', `liar=${target}`, '--bridge-budget', '10s'],
      // However many lies it is told, it gives up on nobody.
      ...['--state-dir', join(folder.path, 'state'), '--composite-breaker-failures', '1000'],
    ]);
    closers.push(stop, () => program.end());
    [, address = ''] = await program.written('stdout', /at http:\/\/(\S+?)\/\./);
    await callEngineMethod(address, 'discover');
  });
  after(async () => {
    for (const close of closers.reverse()) await close();
  });

  const failedIn = (answer: unknown) =>
    answer !== null && typeof answer === 'object' && 'plugin_errors' in answer
      ? Object.keys(answer.plugin_errors ?? {})
      : [];

  for (const { title, answer, fails, onWire } of SCORE_ANSWERS) {
    if (!onWire) continue;
    it(`about scores by ${title}: ${fails.join(', ') || 'nothing'} fails, and the rest counts`, async () => {
      liar.methods.scoreHosts = () => Promise.resolve(answer);
      const units = ASKED_UNITS.map((unit) => [unit, 1]);
      const reply = await callEngineMethod(
        address,
        'runCostFunctions',
        units,
        [...ASKED_HOSTS],
        vmId(1),
        new Map<string, string>(),
      );
      expect(failedIn(reply)).to.deep.equal(fails);
      // An honest unit gives host 1 the score 0, and host 2 the score 10.
      expect(reply)
        .to.have.property('result')
        .that.deep.equals(
          ASKED_UNITS.filter((unit) => !fails.includes(unit)).flatMap((unit) =>
            ASKED_HOSTS.map((host, place) => [host, 100 - 10 * place, unit]),
          ),
        );
    });
  }

  for (const { title, answer, fails: failing, onWire } of FILTER_ANSWERS) {
    if (!onWire) continue;
    // The bridge asks for no reasons, and reads none.
    const fails = answer.unitResults.some(({ rejections }) => rejections !== undefined) ? [] : failing;
    it(`about accepted hosts by ${title}: ${fails.join(', ') || 'nothing'} fails`, async () => {
      liar.methods.filterHosts = () => Promise.resolve(answer);
      const reply = await callEngineMethod(
        address,
        'runFilters',
        [...ASKED_UNITS],
        [...ASKED_HOSTS],
        vmId(1),
        new Map<string, string>(),
      );
      expect(failedIn(reply)).to.deep.equal(fails);
      // An honest u rejects host 2.
      expect(reply)
        .to.have.property('result')
        .that.deep.equals(fails.includes('u') ? ASKED_HOSTS : ASKED_HOSTS.slice(0, 1));
    });
  }
});
