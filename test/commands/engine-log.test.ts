import { expect } from 'chai';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { internalUnitsOf, MAX_LINE, MAX_ROWS, NEAR_MS } from '../../src/commands/engine-log.js';
import type { Decision } from '../../src/domain/decision.js';
import { decisionAt, hostsNamed, uuid } from '../decisions/sample.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const NOW = Date.parse('2026-01-02T03:04:05.678Z');
const [A, B] = [uuid(0), uuid(1)];
const OURS = '11111111-2222-4333-8444-555555555555';
const CPU = '7db4ab05-81ab-42e8-868a-aee2df483edb';
const STRANGE = '99999999-2222-4333-8444-555555555555';

/** Our unit has the costs 100 - 30 = 70 and 100 - 90 = 10, with factor 2. */
const decision: Decision = decisionAt(NOW, {
  hosts: hostsNamed(2),
  selector: 'rank',
  units: [{ name: 'ours', weight: 2, direction: 'HIGHER_IS_BETTER', values: [30, 90] }],
});

const HEAD =
  '2026-01-02 04:04:06,000+01 DEBUG [org.ovirt.RankSelectorPolicyUnit] (default task-4) [c-1] Ranking selector:';
const HOSTS = `*;factor;${A};;${B};`;
const OUR_ROW = `${OURS};2;0;70;1;10`;
const CPU_ROW = `${CPU};1;1;3;0;9`;

describe('tables of RankSelector in an engine log', () => {
  const folder = temporaryFolder();
  after(() => folder.remove());

  async function read(...lines: readonly string[]) {
    const file = join(folder.path, 'engine.log');
    writeFileSync(file, lines.join('\n'));
    return internalUnitsOf(decision, file);
  }

  const namesOf = (found: Awaited<ReturnType<typeof read>>) => found?.units.map(({ name }) => name);

  it("tells the engine's own units from ours by costs and factor, and names them", async () => {
    const found = await read(
      'a',
      HEAD,
      HOSTS,
      OUR_ROW,
      CPU_ROW,
      `${STRANGE};5;0;0;0;0`,
      '<unknown>;1;0;0;0;0',
      '',
      'b',
    );
    expect(namesOf(found)).to.deep.equal(['OptimalForCpuEvenDistribution', STRANGE, 'unknown unit']);
    expect(found?.units[0]).to.deep.include({
      factor: 1,
      costs: new Map([
        [A, 3],
        [B, 9],
      ]),
    });
    expect(found?.missing).to.deep.equal([]);
    expect(found?.table).to.deep.include({ correlationId: 'c-1', time: Date.parse('2026-01-02T03:04:06Z') });
  });

  for (const [title, lines, expected] of [
    ['at the end of the file', [HEAD, HOSTS, OUR_ROW, CPU_ROW], ['OptimalForCpuEvenDistribution']],
    [
      'with the line ends of Windows',
      [`${HEAD}\r`, `${HOSTS}\r`, `${OUR_ROW}\r`, `${CPU_ROW}\r`],
      ['OptimalForCpuEvenDistribution'],
    ],
    ['without the line before', [HOSTS, OUR_ROW, CPU_ROW], ['OptimalForCpuEvenDistribution']],
    [
      'of hosts in another order',
      [HEAD, `*;factor;${B};;${A};`, `${OURS};2;1;10;0;70`, `${CPU};1;1;3;0;9`],
      ['OptimalForCpuEvenDistribution'],
    ],
    ['cut in the middle of a row', [HEAD, HOSTS, OUR_ROW, `${CPU};1;1;3`], []],
    ['with a row that is no number', [HEAD, HOSTS, OUR_ROW, `${CPU};1;1;x;0;9`, CPU_ROW], []],
    ['of other hosts', [HEAD, `*;factor;${A};;${uuid(7)};`, OUR_ROW], undefined],
    ['of fewer hosts', [HEAD, `*;factor;${A};`, `${OURS};2;0;70`], undefined],
    ['without rows', [HEAD, HOSTS, ''], undefined],
    ['of another hour', [HEAD.replace(' 04:', ' 08:'), HOSTS, OUR_ROW], undefined],
    ['of no file content', [], undefined],
  ] as const) {
    it(`reads one ${title}`, async () => {
      expect(namesOf(await read(...lines))).to.deep.equal(expected);
    });
  }

  it('takes the table with our costs over a nearer one without, and says whose costs it lacks', async () => {
    const later = HEAD.replace('04:04:06', '04:09:00');
    const both = await read(HEAD, HOSTS, `${OURS};2;0;71;1;10`, '', later, HOSTS, OUR_ROW, CPU_ROW);
    expect(both?.table.time).to.equal(Date.parse('2026-01-02T03:09:00Z'));
    const none = await read(HEAD, HOSTS, `${OURS};3;0;70;1;10`, CPU_ROW);
    expect(none?.missing).to.deep.equal(['ours']);
    expect(namesOf(none)).to.deep.equal([OURS, 'OptimalForCpuEvenDistribution']);
  });

  it(`takes a table ${NEAR_MS / 60_000} minutes after the answer, and none a second later`, async () => {
    const at = (ms: number) =>
      HEAD.replace(/^\S+ \S+/, new Date(NOW + ms).toISOString().replace('T', ' ').replace('.', ','));
    expect(namesOf(await read(at(NEAR_MS), HOSTS, OUR_ROW))).to.deep.equal([]);
    expect(await read(at(NEAR_MS + 1000), HOSTS, OUR_ROW)).to.equal(undefined);
  });

  it(`skips a line of more than ${MAX_LINE} characters, and reads on behind it`, async () => {
    const fits = 'x'.repeat(MAX_LINE);
    expect(namesOf(await read(fits, `${fits}xxx`, HEAD, HOSTS, OUR_ROW, CPU_ROW))).to.have.length(1);
    // A header that is too long is no table.
    expect(await read(HEAD, `${HOSTS}${';'.repeat(MAX_LINE)}`, OUR_ROW)).to.equal(undefined);
  });

  it(`keeps ${MAX_ROWS} rows of a table at most`, async () => {
    const rows = Array.from({ length: MAX_ROWS + 5 }, () => `${STRANGE};1;0;0;0;0`);
    expect(namesOf(await read(HEAD, HOSTS, ...rows))).to.have.length(MAX_ROWS);
  });
});
