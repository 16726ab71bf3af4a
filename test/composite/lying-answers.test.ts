import { expect } from 'chai';
import type { Member } from '../../src/composite/member.js';
import { createComposite, type Composite } from '../../src/composite/service.js';
import { SchedulingError } from '../../src/domain/errors.js';
import { createRpcClient } from '../../src/rpc/client.js';
import {
  ASKED_HOSTS,
  ASKED_UNITS,
  FILTER_ANSWERS,
  HONEST_VALUES,
  MIGRATION_ANSWERS,
  SCORE_ANSWERS,
  type LyingAnswer,
} from '../domain/lying-answers.js';
import { call } from '../support/call.js';
import { memoryLog } from '../support/log.js';
import { startScoringService } from '../support/scoring-service.js';
import { offered, scoreRequest, scripted, settingsOf, tens, type ScriptedService } from './stage.js';

const BROKEN = "the service's answer breaks the contract: ";
const titleOf = ({ title, fails }: LyingAnswer<unknown>) =>
  `${title}: ${fails.join(', ') || 'nothing'} fails`;

/** A service whose answers are replaced by lies, and an honest one beside it. */
interface Edge {
  readonly liar: ScriptedService;
  readonly composite: Composite;
}

const liars = () =>
  scripted(
    ...ASKED_UNITS.flatMap((name) => [offered('SCORE', name), offered('FILTER', name)]),
    offered('BALANCE', 'u'),
  );

/** A composite that gives up on nobody, however many lies it is told. */
async function composed(liar: Member): Promise<Composite> {
  const honest = { name: 'honest', service: scripted('a', offered('FILTER', 'b')), remote: true };
  const composite = createComposite({
    members: [liar, honest],
    settings: settingsOf({ breakerFailures: 1000 }),
    log: memoryLog(),
  });
  composite.start();
  await composite.firstListing;
  return composite;
}

/** What an edge makes of each answer; `wire`: only what can be written as a message gets through to it. */
function describeLies(title: string, wire: boolean, edgeOf: () => Edge): void {
  const passing = <Response>(answers: readonly LyingAnswer<Response>[]) =>
    answers.filter(({ onWire }) => onWire || !wire);
  const texts = ({ problem }: LyingAnswer<unknown>) => `liar: ${BROKEN}${String(problem)}`;

  describe(title, () => {
    for (const one of passing(SCORE_ANSWERS)) {
      it(`about scores by ${titleOf(one)}, and the other service counts`, async () => {
        const { liar, composite } = edgeOf();
        liar.methods.scoreHosts = () => Promise.resolve(one.answer);
        const { scores, unitResults } = await composite.scoreHosts(
          scoreRequest({ hosts: ASKED_HOSTS }),
          call(),
        );
        const honest = ASKED_UNITS.filter((unit) => !one.fails.includes(unit));
        expect(
          unitResults.map(({ unit, value, failure }) => [
            unit,
            value ?? `${failure.code}: ${failure.message}`,
          ]),
        ).to.deep.equal([
          ...ASKED_UNITS.map((unit) => [
            unit,
            honest.includes(unit) ? HONEST_VALUES : `INTERNAL: ${texts(one)}`,
          ]),
          ['a', [0, 10]],
        ]);
        expect(scores.map(({ score }) => score)).to.deep.equal([0, 10 * (honest.length + 1)]);
      });
    }

    for (const one of passing(FILTER_ANSWERS)) {
      it(`about accepted hosts by ${titleOf(one)}, and then rejects nothing`, async () => {
        const { liar, composite } = edgeOf();
        liar.methods.filterHosts = () => Promise.resolve(one.answer);
        const { hostIds, unitResults } = await composite.filterHosts(
          { ...scoreRequest({ hosts: ASKED_HOSTS }), units: [], explain: true },
          call(),
        );
        const failed = unitResults.filter(({ failure }) => failure !== undefined);
        expect(failed.map(({ unit, failure }) => [unit, failure?.code, failure?.message])).to.deep.equal(
          one.fails.map((unit) => [unit, 'INTERNAL', texts(one)]),
        );
        // An honest u rejects host 2.
        expect(hostIds).to.deep.equal(one.fails.includes('u') ? ASKED_HOSTS : ASKED_HOSTS.slice(0, 1));
      });
    }

    for (const one of passing(MIGRATION_ANSWERS)) {
      it(`about a migration by ${titleOf(one)}`, async () => {
        const { liar, composite } = edgeOf();
        liar.methods.balanceHosts = () => Promise.resolve(one.answer);
        const request = { unit: 'u', hostIds: ASKED_HOSTS, properties: new Map<string, string>() };
        const outcome = await composite
          .balanceHosts(request, call())
          .catch((error: unknown) => SchedulingError.from(error));
        if (one.problem === undefined) expect(outcome).to.deep.equal(one.answer);
        else
          expect(outcome)
            .to.include({ code: 'INTERNAL' })
            .and.property('message')
            .includes(`liar: ${BROKEN}`);
      });
    }
  });
}

describe('a service that lies', () => {
  const closers: (() => unknown)[] = [];
  const edges: Edge[] = [];
  before(async () => {
    const [here, there] = [liars(), liars()];
    const server = await startScoringService(there);
    const client = createRpcClient({ target: server.target });
    closers.push(server.stop, client.close);
    const members = [here, client].map((service) => ({ name: 'liar', service, remote: true }));
    for (const [index, member] of members.entries()) {
      const composite = await composed(member);
      closers.push(composite.close);
      edges.push({ liar: [here, there][index] ?? here, composite });
    }
  });
  after(async () => {
    for (const close of closers.reverse()) await close();
  });
  const edgeOf = (index: number) => () => {
    const edge = edges[index];
    if (edge === undefined) throw new Error('not set up');
    return edge;
  };

  describeLies('in this process', false, edgeOf(0));
  describeLies('over gRPC', true, edgeOf(1));

  it('in this process by no answer at all fails, and the other service counts', async () => {
    const { liar, composite } = edgeOf(0)();
    for (const nothing of [undefined, {}]) {
      // What a service in this process answers may have been seen by no compiler.
      Object.assign(liar.methods, { scoreHosts: () => Promise.resolve(nothing ?? Object.create(null)) });
      const { unitResults } = await composite.scoreHosts(scoreRequest(), call());
      expect(unitResults.map(({ failure }) => failure?.code)).to.deep.equal([
        'INTERNAL',
        'INTERNAL',
        undefined,
      ]);
    }
    liar.methods.scoreHosts = (request) => Promise.resolve(tens(request));
  });
});
