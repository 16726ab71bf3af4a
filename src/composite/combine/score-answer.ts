import type { Direction, ScoreHostsResponse } from '../../domain/contract.js';

/** A score unit that a member was asked for. */
export interface AnsweredUnit {
  /** Its place among the units of the request. */
  readonly place: number;
  readonly direction: Direction;
}

/** What one member answered, checked. */
export interface ScoreAnswer {
  /** The member's name. */
  readonly service: string;
  /** Aligned with the unit results of the response. */
  readonly units: readonly AnsweredUnit[];
  readonly response: ScoreHostsResponse;
}

/** What one unit answered. */
export interface Column {
  /** Its name here. */
  readonly unit: string;
  readonly direction: Direction;
  /** Aligned with the hosts of the combined answer. */
  readonly values: readonly number[];
  /** Which of the answers it is from, and its place in that one's unit results. */
  readonly answer: number;
  readonly index: number;
}
