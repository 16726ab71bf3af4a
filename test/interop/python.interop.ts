import { expect } from 'chai';
import { join } from 'node:path';
import { z } from 'zod';
import { demoHost, demoVm, startDemo, type DemoProcess } from './demo-process.js';
import { generateCode, type GeneratedCode } from './python-service.js';
import { outputOf, toolPath } from './run-tool.js';

const CLIENT = join(import.meta.dirname, 'score_hosts.py');

/** Runs no VM, since it is in maintenance. */
const EMPTY_HOST = demoHost(12);

const scoredSchema = z.object({
  scores: z.array(
    z.object({
      host: z.string(),
      score: z.int(),
      has_score: z.boolean(),
      has_name: z.boolean(),
      reasons: z.int(),
    }),
  ),
  outcomes: z.array(z.string()),
  snapshot_year: z.int(),
  request_id: z.string(),
});

const seenSchema = z.object({
  units: z.array(z.object({ name: z.string(), type: z.string(), properties: z.array(z.string()) })),
  scored: scoredSchema,
  explained: scoredSchema,
  streamed: z.array(z.unknown()),
  refused: z.unknown(),
});

describe("Python's grpcio", () => {
  const python = toolPath('PYTHON_WITH_GRPC');
  let code: GeneratedCode;
  let demo: DemoProcess;
  let seen: z.infer<typeof seenSchema>;

  before(async () => {
    code = await generateCode(python);
    demo = await startDemo();
    const args = [CLIENT, demo.address, demoVm(1), demoHost(1), EMPTY_HOST];
    const printed = await outputOf(python, args, { env: code.env });
    seen = seenSchema.parse(JSON.parse(printed));
  });

  // Either may be missing when the set-up failed.
  after(async () => {
    await (demo as DemoProcess | undefined)?.stop();
    await (code as GeneratedCode | undefined)?.remove();
  });

  it('lists the units', () => {
    expect(seen.units).to.deep.include({
      name: 'ksm_same_os_score',
      type: 'POLICY_UNIT_TYPE_SCORE',
      properties: ['os_identity', 'count_self'],
    });
  });

  it('scores hosts, and tells a score of 0 from one that is absent', () => {
    expect(seen.scored.scores.map(({ host }) => host)).to.deep.equal([demoHost(1), EMPTY_HOST]);
    expect(seen.scored.scores[0]?.score).to.be.within(1, 100);
    expect(seen.scored.scores[1]).to.deep.equal({
      host: EMPTY_HOST,
      score: 0,
      has_score: true,
      has_name: false,
      reasons: 0,
    });
    expect(seen.scored.outcomes).to.deep.equal(['scores']);
  });

  it('gets names and reasons when it asks for them', () => {
    expect(seen.explained.scores).to.have.lengthOf(1);
    expect(seen.explained.scores[0]).to.include({ has_name: true, reasons: 1 });
  });

  it('reads the time of the snapshot', () => {
    expect(seen.scored.snapshot_year).to.be.at.least(2020);
  });

  it('gets its request id back in the trailers', () => {
    expect(seen.scored.request_id).to.equal('from-python');
  });

  it('streams three requests, and sees the failure of the one in the middle', () => {
    expect(seen.streamed).to.deep.equal([
      { request_id: 'first', outcome: 'response', scores: [0], failure: 'FAILURE_CODE_UNSPECIFIED' },
      { request_id: 'second', outcome: 'failure', scores: [], failure: 'FAILURE_CODE_INVALID_ARGUMENT' },
      { request_id: 'third', outcome: 'response', scores: [0], failure: 'FAILURE_CODE_UNSPECIFIED' },
    ]);
  });

  it('sees INVALID_ARGUMENT for a bad id', () => {
    expect(seen.refused).to.deep.equal({
      code: 'INVALID_ARGUMENT',
      details: 'host_ids[0]: expected a UUID, got "abc"',
    });
  });
});
