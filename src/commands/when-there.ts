import type { PolicyUnitService } from '../domain/contract.js';

/** A service whose calls wait until it is there. */
export function whenThere(service: Promise<PolicyUnitService>): PolicyUnitService {
  return {
    listPolicyUnits: async (call) => (await service).listPolicyUnits(call),
    scoreHosts: async (request, call) => (await service).scoreHosts(request, call),
    filterHosts: async (request, call) => (await service).filterHosts(request, call),
    balanceHosts: async (request, call) => (await service).balanceHosts(request, call),
  };
}
