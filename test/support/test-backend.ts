import type { Backend } from '../../src/commands/backend.js';
import type { PolicyUnitService } from '../../src/domain/contract.js';

/** A backend of one service that is ready. */
export function testBackend(service: PolicyUnitService, differences: Partial<Backend> = {}): Backend {
  return {
    service,
    policies: new Map(),
    inventory: undefined,
    unitNames: () => [],
    readiness: () => ({ ready: true }),
    feed: undefined,
    inventoryFigures: () => undefined,
    reservationFigures: () => undefined,
    serviceFigures: () => [],
    pluginProblems: () => undefined,
    firstSnapshot: undefined,
    pluginHost: undefined,
    firstAnswer: Promise.resolve(),
    start: () => undefined,
    close: () => Promise.resolve(),
    ...differences,
  };
}
