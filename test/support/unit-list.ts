import type { PolicyUnit, PolicyUnitList } from '../../src/domain/contract.js';

/** The listing of a service that has these units, no problems and no inventory. */
export function unitList(units: readonly PolicyUnit[], part: Partial<PolicyUnitList> = {}): PolicyUnitList {
  return { units, problems: [], hasInventory: false, ...part };
}
