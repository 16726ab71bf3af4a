import { checkScores } from '../domain/check-answer.js';
import type { Call } from '../domain/contract.js';
import { SchedulingError } from '../domain/errors.js';
import type { InventoryService } from '../domain/inventory.js';
import type { Endpoint, Question } from './endpoint.js';
import type { Member } from './member.js';
import type { Membership } from './membership.js';

/** Inventory of the members of a composite. */
export interface MembersInventory {
  /**
   * Calls the first member that has an inventory. Rejects with UNIMPLEMENTED if none has, with UNAVAILABLE if one may that
   * was not listed yet.
   */
  readonly service: InventoryService;
  /** Returns the ids of the hosts that are up in a VM's cluster. Rejects with INVALID_ARGUMENT if no member has an inventory. */
  readonly upHosts: (vmId: string, call: Call, until: number) => Promise<readonly string[]>;
}

/** Creates the inventory of the members. `begin` returns the time by which they have to answer a call, in ms since the epoch. */
export function createMembersInventory(
  membership: Pick<Membership, 'withInventory' | 'unlisted'>,
  begin: (call: Call) => Promise<number>,
): MembersInventory {
  function ownerFor(noInventory: () => SchedulingError): Endpoint {
    const [owner] = membership.withInventory();
    if (owner !== undefined) return owner;
    const unlisted = membership.unlisted();
    if (unlisted.length === 0) throw noInventory();
    throw new SchedulingError(
      'UNAVAILABLE',
      `no service with an inventory is known, and these were not listed yet: ${unlisted.join(', ')}; try later`,
    );
  }

  async function ask<Answer, Read>(
    endpoint: Endpoint,
    question: Question<Answer, Read>,
    call: Call,
    until: number,
  ): Promise<Read> {
    const { value, error } = await endpoint.ask(question, call, until);
    if (error === undefined) return value;
    const { code, message, notFound } = error;
    const isAboutRequest = code === 'NOT_FOUND' || code === 'INVALID_ARGUMENT';
    const text = isAboutRequest ? message : `${endpoint.member.name}: ${message}`;
    throw new SchedulingError(code, text, { cause: error, notFound });
  }

  async function pass<Answer>(
    method: keyof InventoryService,
    call: Call,
    run: (inventory: InventoryService, call: Call) => Promise<Answer>,
  ): Promise<Answer> {
    const until = await begin(call);
    return ask(ownerFor(noInventory), questionOf(method, run), call, until);
  }

  return {
    service: {
      listHosts: (request, call) =>
        pass('listHosts', call, (inventory, own) => inventory.listHosts(request, own)),
      listVms: (request, call) => pass('listVms', call, (inventory, own) => inventory.listVms(request, own)),
      getInventory: (call) => pass('getInventory', call, (inventory, own) => inventory.getInventory(own)),
      reserve: (request, call) => pass('reserve', call, (inventory, own) => inventory.reserve(request, own)),
      release: (vmId, call) => pass('release', call, (inventory, own) => inventory.release(vmId, own)),
      listReservations: (call) =>
        pass('listReservations', call, (inventory, own) => inventory.listReservations(own)),
    },
    async upHosts(vmId, call, until) {
      const owner = ownerFor(nobodyKnowsHosts);
      const listHosts = questionOf('listHosts', (inventory, own) => inventory.listHosts({ vmId }, own));
      try {
        const { hosts } = await ask(owner, listHosts, call, until);
        return hosts.filter(({ status }) => status === 'up').map(({ id }) => id);
      } catch (error) {
        // Other implementations may know hosts without serving InventoryService.
        if (!(error instanceof SchedulingError) || error.code !== 'UNIMPLEMENTED') throw error;
        return ask(owner, scoredHosts(vmId), call, until);
      }
    },
  };
}

function questionOf<Answer>(
  method: keyof InventoryService,
  run: (inventory: InventoryService, call: Call) => Promise<Answer>,
): Question<Answer, Answer> {
  return {
    method,
    run: async ({ inventory }, call) => {
      if (inventory === undefined) throw noInventory();
      return run(inventory, call);
    },
    read: (answer) => answer,
  };
}

/** Returns the call that asks a service for the hosts it scores if it is to score all. */
function scoredHosts(vmId: string) {
  return {
    method: 'scoreHosts',
    run: ({ service }: Member, call: Call) =>
      service.scoreHosts(
        { vmId, hosts: 'ALL_UP', units: [], properties: new Map(), assumedPlacements: [], explain: false },
        call,
      ),
    read: (response: Parameters<typeof checkScores>[0]) =>
      checkScores(response, { hosts: 'ALL_UP', units: [] }).scores.map(({ hostId }) => hostId),
  };
}

function noInventory(): SchedulingError {
  return new SchedulingError(
    'UNIMPLEMENTED',
    'no inventory here: configure an engine (engine.url), or a service that has one (services)',
  );
}

function nobodyKnowsHosts(): SchedulingError {
  return new SchedulingError(
    'INVALID_ARGUMENT',
    'all_hosts: nobody here knows which hosts there are; name them in host_ids, or configure an engine (engine.url) or a service that has an inventory (services)',
  );
}
