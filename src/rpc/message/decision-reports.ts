import type {
  AgreementCounts,
  AgreementReport,
  ExplainedDecision,
  ShadowCounts,
  ShadowGroup,
  ShadowReports,
} from '../../domain/decision-service.js';
import type {
  ExplainedRejection,
  Explanation,
  UnitChange,
  UnitLead,
  Versus,
} from '../../engine-model/explain-decision.js';
import type { Explanation as ExplanationMessage } from '../../gen/hostscore/v1/Explanation.js';
import type { ShadowCounts as ShadowCountsMessage } from '../../gen/hostscore/v1/ShadowCounts.js';
import type { UnitChange as UnitChangeMessage } from '../../gen/hostscore/v1/UnitChange.js';
import type { Versus as VersusMessage } from '../../gen/hostscore/v1/Versus.js';
import { boundedText } from '../../lib/text.js';
import { decisionMethods, type Sent } from '../proto.js';
import { decisionMessage, hostMessage, reasonMessage } from './decisions.js';
import { writeCounterfactual } from './write-response.js';

/** Encodes an explained decision, with the best `top` hosts of its ranking. */
export function writeExplainedDecision(
  { decision, explanation }: ExplainedDecision,
  process: string,
  top = Infinity,
): Buffer {
  return decisionMethods.ExplainDecision.responseSerialize({
    decision: decisionMessage(decision, { full: true }),
    explanation: explanationMessage(explanation, top),
    process,
  });
}

/** Encodes a report on outcomes. */
export function writeAgreement(report: AgreementReport, process: string): Buffer {
  return decisionMethods.ReportAgreement.responseSerialize({
    total: agreementCounts(report.total),
    policies: report.policies.map(({ policyHash, policy = '', counts }) => ({
      policy_hash: policyHash,
      policy,
      counts: agreementCounts(counts),
    })),
    units: report.units.map(({ unit, decisions, best, expectedByChance, neverFollowed }) => ({
      unit,
      decisions,
      best,
      expected_by_chance: expectedByChance,
      never_followed: neverFollowed,
    })),
    partial: report.isPartial,
    process,
  });
}

/** Encodes a report on shadows. */
export function writeShadows({ shadows, isPartial, running }: ShadowReports, process: string): Buffer {
  return decisionMethods.ReportShadows.responseSerialize({
    running,
    shadows: shadows.map(({ shadow, policyHash = '', total, byOs, byCluster }) => ({
      shadow,
      policy_hash: policyHash,
      total: shadowCounts(total),
      by_os: byOs.map(shadowGroup),
      by_cluster: byCluster.map(shadowGroup),
    })),
    partial: isPartial,
    process,
  });
}

function explanationMessage(explanation: Explanation, top: number): Sent<ExplanationMessage> {
  const { scale, weights, ranking, leads, rejections, versus, isExact } = explanation;
  return {
    ...(scale === undefined ? {} : { scale: `RANKING_SCALE_${scale}` as const }),
    units: weights.map(writeCounterfactual),
    ranking: ranking.slice(0, top).map(({ host, total, values, reasons }) => ({
      host: hostMessage(host),
      total,
      values,
      reasons: reasons.map(reasonMessage),
    })),
    leads: leads.map(leadMessage),
    rejections: rejections.map(rejectionMessage),
    versus: versus === undefined ? null : versusMessage(versus),
    overflows: !isExact,
  };
}

function versusMessage({ host, place, behind, leads, changes, rejections }: Versus): Sent<VersusMessage> {
  return {
    host: hostMessage(host),
    ...(place === undefined ? {} : { place }),
    ...(behind === undefined ? {} : { behind }),
    leads: leads.map(leadMessage),
    changes: changes.map(changeMessage),
    rejections: rejections.map(rejectionMessage),
  };
}

function leadMessage({ unit, points }: UnitLead) {
  return { unit, points };
}

function changeMessage({ unit, value, neededValue, neededWeight }: UnitChange): Sent<UnitChangeMessage> {
  return {
    unit,
    value,
    ...(neededValue === undefined ? {} : { needed_value: neededValue }),
    ...(neededWeight === undefined ? {} : { needed_weight: neededWeight }),
  };
}

function rejectionMessage({ host, unit, reason = '' }: ExplainedRejection) {
  return { host: hostMessage(host), unit, reason: boundedText(reason) };
}

function agreementCounts({ topThree, ...counts }: AgreementCounts) {
  return { ...counts, top_three: topThree };
}

function shadowGroup({ name = '', counts }: ShadowGroup) {
  return { name: boundedText(name), counts: shadowCounts(counts) };
}

function shadowCounts(counts: ShadowCounts): Sent<ShadowCountsMessage> {
  const { compared, winnerChanged, meanTau, meanTopOverlap, meanRegret, failed } = counts;
  const { filtersCompared, filtersChanged } = counts;
  return {
    compared,
    winner_changed: winnerChanged,
    ...(meanTau === undefined ? {} : { mean_tau: meanTau }),
    ...(meanTopOverlap === undefined ? {} : { mean_top_overlap: meanTopOverlap }),
    ...(meanRegret === undefined ? {} : { mean_regret: meanRegret }),
    failed,
    filters_compared: filtersCompared,
    filters_changed: filtersChanged,
  };
}
