import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { z } from 'zod';
import { demoHost, demoVm, startDemo, type DemoProcess } from './demo-process.js';
import { outputOf, runTool, toolPath, type ToolResult } from './run-tool.js';

const SERVICE = 'hostscore.v1.PolicyUnitService';
const INVENTORY = 'hostscore.v1.InventoryService';
const DECISIONS = 'hostscore.v1.DecisionService';
const PROTO = join(import.meta.dirname, '../../proto/hostscore/v1');
const CONTRACT = ['policy_unit_service.proto', 'inventory_service.proto', 'decision_service.proto']
  .map((file) => readFileSync(join(PROTO, file), 'utf8'))
  .join('\n');

/** Grpcurl ends with this much more than the status of the call. */
const STATUS_EXIT_CODE = 64;
const STATUS = { InvalidArgument: 3, NotFound: 5 } as const;

/** Runs no VM, since it is in maintenance. */
const EMPTY_HOST = demoHost(12);

/** Named wherever a test is about it, so that a new unit changes no test. */
const KSM = [{ name: 'ksm_same_os_score' }];

const scoresSchema = z.object({
  scores: z.array(
    z.object({
      hostId: z.string(),
      score: z.int(),
      hostName: z.string(),
      reasons: z
        .tuple([z.object({ unit: z.literal('ksm_same_os_score'), text: z.string() })])
        .rest(z.unknown()),
    }),
  ),
  unitResults: z
    .tuple([
      z.object({
        unit: z.literal('ksm_same_os_score'),
        scores: z.object({ values: z.array(z.int()) }),
      }),
    ])
    .rest(z.unknown()),
  snapshotTime: z.iso.datetime(),
});

/** Each message, enum and service of the contract, as written, with the comment above it. */
const elements = [
  ...CONTRACT.matchAll(/(?:^\/\/.*\n)+^(message|enum|service) (\w+) \{(?:\}|[^]*?^\})$/gm),
].map(([text, kind = '', name = '']) => ({ text, kind, name }));

describe('grpcurl', () => {
  const grpcurl = toolPath('GRPCURL');
  let demo: DemoProcess;

  before(async () => {
    demo = await startDemo();
  });

  // Missing when it did not start.
  after(() => (demo as DemoProcess | undefined)?.stop());

  const ask = (...words: string[]): Promise<string> =>
    outputOf(grpcurl, ['-plaintext', demo.address, ...words]);

  const call = (method: string, ...requests: readonly object[]): Promise<ToolResult> =>
    runTool(grpcurl, ['-plaintext', '-d', '@', demo.address, `${SERVICE}/${method}`], {
      stdin: requests.map((request) => JSON.stringify(request)).join('\n'),
    });

  /** What a call that has to succeed answers. */
  const answer = async (method: string, request: object = {}): Promise<unknown> => {
    const { code, stdout, stderr } = await call(method, request);
    expect(code, stderr).to.equal(0);
    return JSON.parse(stdout);
  };

  const expectStatus = (result: ToolResult, status: keyof typeof STATUS, message: string): void => {
    expect(result).to.deep.equal({
      code: STATUS_EXIT_CODE + STATUS[status],
      stdout: '',
      stderr: `ERROR:\n  Code: ${status}\n  Message: ${message}\n`,
    });
  };

  describe('through reflection', () => {
    it('lists the three services and health, and nothing else but reflection itself', async () => {
      const services = (await ask('list')).trim().split('\n');
      expect(services.filter((name) => !name.startsWith('grpc.reflection.'))).to.deep.equal([
        'grpc.health.v1.Health',
        DECISIONS,
        INVENTORY,
        SERVICE,
      ]);
    });

    it('lists the calls of each', async () => {
      expect((await ask('list', INVENTORY)).trim().split('\n')).to.have.members(
        [
          ...['ListHosts', 'ListVms', 'GetInventory', 'Watch'],
          ...['Reserve', 'Release', 'ListReservations'],
        ].map((method) => `${INVENTORY}.${method}`),
      );
      expect((await ask('list', SERVICE)).trim().split('\n')).to.have.members(
        ['ListPolicyUnits', 'ScoreHosts', 'StreamScoreHosts', 'FilterHosts', 'BalanceHosts'].map(
          (method) => `${SERVICE}.${method}`,
        ),
      );
    });

    it('finds a service, both enums of a unit, a map and a oneof in the contract to describe', () => {
      expect(elements.map(({ name }) => name)).to.include.members([
        'PolicyUnitService',
        'InventoryService',
        'PolicyUnitType',
        'Direction',
        'ScoreHostsRequest',
        'ScoreUnitResult',
      ]);
      const declared = CONTRACT.match(/^(?:message|enum|service) /gm);
      expect(elements).to.have.lengthOf(declared?.length ?? 0);
    });

    for (const { text, kind, name } of elements) {
      it(`describes the ${kind} ${name} as the contract has it, with every comment`, async () => {
        expect(linesOf(await ask('describe', `hostscore.v1.${name}`), kind)).to.deep.equal(
          linesOf(text, kind),
        );
      });
    }

    it('describes a request as a template that shows its map', async () => {
      const described = await outputOf(grpcurl, [
        ...['-plaintext', '-msg-template', demo.address, 'describe'],
        'hostscore.v1.ScoreHostsRequest',
      ]);
      const template = z
        .object({ vmId: z.string(), properties: z.record(z.string(), z.string()) })
        .parse(JSON.parse(described.slice(described.indexOf('\n{'))));
      expect(template.properties).to.have.all.keys('');
    });

    it('describes the health service', async () => {
      expect(await ask('describe', 'grpc.health.v1.Health')).to.match(/^ {2}rpc Check \(/m);
    });
  });

  describe('health', () => {
    for (const service of ['', SERVICE]) {
      it(`of ${JSON.stringify(service)} is SERVING`, async () => {
        const request = JSON.stringify({ service });
        const health = await outputOf(grpcurl, [
          ...['-plaintext', '-d', request, demo.address],
          'grpc.health.v1.Health/Check',
        ]);
        expect(JSON.parse(health)).to.deep.equal({ status: 'SERVING' });
      });
    }
  });

  describe('ListPolicyUnits', () => {
    it('shows types and directions by name, and the properties', async () => {
      const { policyUnits } = z
        .object({ policyUnits: z.array(z.record(z.string(), z.unknown())) })
        .parse(await answer('ListPolicyUnits'));
      const unit = policyUnits.find(({ name }) => name === 'ksm_same_os_score');
      expect(unit).to.include({ type: 'POLICY_UNIT_TYPE_SCORE', direction: 'DIRECTION_HIGHER_IS_BETTER' });
      expect(unit?.['properties']).to.be.an('array').with.lengthOf(2);
      expect(policyUnits.find(({ type }) => type === 'POLICY_UNIT_TYPE_FILTER')).not.to.have.property(
        'direction',
      );
    });
  });

  describe('ScoreHosts', () => {
    it('scores all hosts that are up, with reasons whose arithmetic gives the score', async () => {
      const request = { vm_id: demoVm(1), all_hosts: true, units: KSM, explain: true };
      const { scores, unitResults } = scoresSchema.parse(await answer('ScoreHosts', request));
      expect(scores.map(({ hostId }) => hostId)).to.deep.equal(
        Array.from({ length: 11 }, (_, n) => demoHost(n + 1)),
      );
      expect(scores.map(({ hostName }) => hostName)).to.include.members(['amsterdam-01', 'cracow-03']);
      expect(scores.map(({ reasons: [{ text }] }) => scoreInWords(text))).to.deep.equal(
        scores.map(({ score }) => score),
      );
      expect(unitResults[0].scores.values).to.deep.equal(scores.map(({ score }) => score));
      expect(Math.max(...unitResults[0].scores.values)).to.be.within(1, 100);
    });

    it('works as the line that serve prints, pasted into a shell', async () => {
      const pasted = await outputOf('bash', ['-c', demo.tryLine], {
        env: { PATH: `${dirname(grpcurl)}${delimiter}${process.env['PATH'] ?? ''}` },
      });
      expect(scoresSchema.parse(JSON.parse(pasted)).scores).to.have.lengthOf(11);
    });

    it('prints a score of 0', async () => {
      const { stdout } = await call('ScoreHosts', { vm_id: demoVm(1), host_ids: [EMPTY_HOST], units: KSM });
      expect(stdout).to.include(`"hostId": "${EMPTY_HOST}",\n      "score": 0\n`);
    });

    it('takes weights, a map of properties and assumed placements: 1 of 1 VM equal, 3 x 100 = 300', async () => {
      const request = {
        vm_id: demoVm(1),
        host_ids: [EMPTY_HOST],
        units: [{ name: 'ksm_same_os_score', weight: 3 }],
        properties: { os_identity: 'family', of_another_unit: 'x' },
        assumed_placements: [{ vm_id: demoVm(1), host_id: EMPTY_HOST }],
      };
      expect(await answer('ScoreHosts', request)).to.deep.include({
        scores: [{ hostId: EMPTY_HOST, score: 300 }],
        unitResults: [
          {
            unit: 'ksm_same_os_score',
            scores: { values: [100] },
            direction: 'DIRECTION_HIGHER_IS_BETTER',
          },
        ],
      });
    });

    it('answers no hosts with no scores, and names those that the engine does not know', async () => {
      const unknown = 'c0000000-0000-4000-8000-000000000001';
      expect(await answer('ScoreHosts', { vm_id: demoVm(1) })).not.to.have.any.keys(
        'scores',
        'unknownHostIds',
      );
      expect(await answer('ScoreHosts', { vm_id: demoVm(1), host_ids: [unknown, demoHost(1)] }))
        .to.have.property('unknownHostIds')
        .that.deep.equals([unknown]);
    });

    it('reports a property outside its pattern as the failure of its unit', async () => {
      const request = {
        vm_id: demoVm(1),
        host_ids: [demoHost(1)],
        units: KSM,
        properties: { count_self: 'maybe' },
      };
      const { unitResults } = z
        .object({
          unitResults: z.tuple([z.object({ failure: z.object({ code: z.string(), message: z.string() }) })]),
        })
        .parse(await answer('ScoreHosts', request));
      expect(unitResults[0].failure.code).to.equal('FAILURE_CODE_INVALID_ARGUMENT');
      expect(unitResults[0].failure.message).to.match(/count_self.*"maybe".*true\|false/);
    });

    it('refuses a bad id with its field, its value and what is expected', async () => {
      expectStatus(
        await call('ScoreHosts', { vm_id: demoVm(1), host_ids: [demoHost(1), 'abc'] }),
        'InvalidArgument',
        'host_ids[1]: expected a UUID, got "abc"',
      );
    });

    it('says that a VM is unknown', async () => {
      const vmId = 'c0000000-0000-4000-8000-000000000002';
      expectStatus(
        await call('ScoreHosts', { vm_id: vmId, all_hosts: true }),
        'NotFound',
        `vm_id: the engine has no VM ${vmId}`,
      );
    });
  });

  describe('StreamScoreHosts', () => {
    it('answers three requests in order, the bad one in the middle with its failure', async () => {
      const good = { vm_id: demoVm(1), host_ids: [EMPTY_HOST], units: KSM };
      const { code, stdout, stderr } = await call(
        'StreamScoreHosts',
        { ...good, request_id: 'first' },
        { ...good, request_id: 'second', vm_id: 'x' },
        { ...good, request_id: 'third' },
      );
      expect(code, stderr).to.equal(0);
      const answers: unknown[] = stdout.split(/\n(?=\{)/).map((text): unknown => JSON.parse(text));
      expect(answers).to.have.lengthOf(3);
      expect(answers[1]).to.deep.equal({
        requestId: 'second',
        failure: { code: 'FAILURE_CODE_INVALID_ARGUMENT', message: 'vm_id: expected a UUID, got "x"' },
      });
      for (const [index, requestId] of [
        [0, 'first'],
        [2, 'third'],
      ] as const) {
        expect(answers[index]).to.have.property('requestId', requestId);
        expect(answers[index])
          .to.have.nested.property('response.scores')
          .that.deep.equals([{ hostId: EMPTY_HOST, score: 0 }]);
      }
    });
  });

  describe('FilterHosts', () => {
    it('keeps the hosts that every filter accepts, in the order asked', async () => {
      const hostIds = [demoHost(3), demoHost(1)];
      const units = ['accept_all_hosts'];
      expect(await answer('FilterHosts', { vm_id: demoVm(1), host_ids: hostIds, units })).to.deep.include({
        hostIds,
        unitResults: [{ unit: 'accept_all_hosts', accepted: { hostIds } }],
      });
    });
  });

  describe('BalanceHosts', () => {
    it('says that there is no such unit', async () => {
      expectStatus(
        await call('BalanceHosts', { unit: 'no_such_unit', host_ids: [demoHost(1)] }),
        'NotFound',
        'no balance unit named "no_such_unit"; this service has: vm_balance, host_memory_balance',
      );
    });
  });
});

/**
 * The lines of a description or of the contract, written alike: without packages, and without what grpcurl says before.
 * It orders the calls of a service by name, so there the lines are sorted.
 */
function linesOf(text: string, kind: string): string[] {
  const lines = text
    .slice(text.indexOf('//'))
    .replaceAll('.hostscore.v1.', '')
    .replaceAll('.google.protobuf.', 'google.protobuf.')
    .replace(/\{\s*\}/, '{}')
    .split('\n')
    .map((line) =>
      line
        .replace(/ ?\( ?/g, '(')
        .replace(/ \)/g, ')')
        .trimEnd(),
    )
    .filter((line) => line !== '');
  return kind === 'service' ? lines.sort() : lines;
}

/** Works out the arithmetic at the end of a reason, `(100 x 2 + 20 x 1) / 4 = 55`, and returns its result. */
function scoreInWords(text: string): number {
  const [, equal, sameType, vms, result] =
    /\(100 x (\d+) \+ 20 x (\d+)\) \/ (\d+) = (\d+)$/.exec(text)?.map(Number) ?? [];
  expect(Math.floor((100 * Number(equal) + 20 * Number(sameType)) / Number(vms)), text).to.equal(result);
  return Number(result);
}
