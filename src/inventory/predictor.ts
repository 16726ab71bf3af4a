import type { InventorySettings } from '../config/sections.js';
import type { Call } from '../domain/contract.js';
import { SchedulingError } from '../domain/errors.js';
import type { FollowCall } from '../domain/inventory.js';
import type { Snapshot, Vm } from '../domain/snapshot.js';
import { linkAbort, runWithin } from '../lib/deadline.js';
import { createLimiter } from '../lib/limiter.js';
import type { After, Clock } from '../lib/timers.js';
import type { Reservations } from './reservations.js';

/**
 * Times from the answer to an engine at which its VM is looked up, in ms. A start that succeeds shows within seconds; what
 * takes longer is left to the usual readings.
 */
export const FOLLOW_UP_TIMES: readonly number[] = [500, 1000, 2000, 5000];

/**
 * Statuses of a VM whose start has failed, at the last look-up: scheduled, it is `wait_for_launch` at once, also while the host
 * lets it wait, and `image_locked` while its disks are prepared. One that is later still counts again from its first event on.
 */
const NOT_STARTING: ReadonlySet<string | undefined> = new Set(['down', 'suspended']);

/** Most VMs that are followed at a time: those of 50 calls a second. The placement of a further one is not predicted. */
export const MAX_FOLLOWED = 256;

/** Most parallel look-ups of VMs that are followed: each takes a thread of the engine, and nobody waits for them. */
export const MAX_FOLLOW_UPS = 4;

/** Made once: its stack trace would be the dearest part of a prediction, and nobody reads it. */
const UNFOLLOWED = new SchedulingError('CANCELLED', 'the VM is no longer followed');

/** Options of a predictor. */
export interface PredictorOptions {
  readonly reservations: Pick<
    Reservations,
    'predict' | 'dropPrediction' | 'vmSeen' | 'vmGone' | 'startFailed'
  >;
  /** Returns the newest snapshot. Throws UNAVAILABLE if there is none. */
  readonly current: () => Snapshot;
  /** Finds a VM that the snapshot lacks, from memory when a call has just asked for it. */
  readonly findVm: (id: string, call: Call) => Promise<Vm | undefined>;
  /** Reads a VM from the engine. */
  readonly readVm: (id: string, signal: AbortSignal, requestId: string) => Promise<Vm | undefined>;
  /** Called with a VM that a look-up shows at another host than the snapshot. */
  readonly onSeen: (vmId: string) => void;
  readonly settings: Pick<InventorySettings, 'lookupTimeout'>;
  /** Wall clock, for the deadlines of calls. */
  readonly clock: Clock;
  /** Monotonic clock. */
  readonly steady: Clock;
  readonly after: After;
}

/** Predictor of what an engine does with its answers, since it never says so. */
export interface Predictor {
  /** Drops what was predicted for the VM of a call. Once that is answered, predicts its host, and follows it. */
  readonly callCame: FollowCall;
  /** Stops to look a VM up. */
  readonly unfollow: (vmId: string) => void;
  /** Stops to look VMs up. */
  readonly unfollowAll: () => void;
  readonly close: () => void;
}

/** Creates a predictor. */
export function createPredictor(options: PredictorOptions): Predictor {
  const { reservations, current, findVm, readVm, onSeen, settings, clock, steady, after } = options;
  const limiter = createLimiter({ maxRunning: MAX_FOLLOW_UPS, maxWaiting: MAX_FOLLOWED, full: late });
  const closing = new AbortController();
  /** Functions that stop following a VM, by its id. */
  const followed = new Map<string, () => void>();

  function unfollow(vmId: string): void {
    followed.get(vmId)?.();
  }

  /** Follows a VM: one flight for it at a time. */
  function follow(vmId: string, run: (signal: AbortSignal) => Promise<void>): void {
    unfollow(vmId);
    if (followed.size >= MAX_FOLLOWED) return;
    const own = linkAbort(closing.signal);
    const stop = () => {
      if (followed.get(vmId) === stop) followed.delete(vmId);
      own.unlink();
      own.abort(UNFOLLOWED);
    };
    followed.set(vmId, stop);
    // What fails here fails for nobody: the usual readings show where the VM is.
    void run(own.signal)
      .catch(() => undefined)
      .finally(stop);
  }

  function pause(ms: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    return new Promise((resolve, reject) => {
      const cancel = after(ms, resolve);
      const stop = () => {
        cancel();
        reject(SchedulingError.from(signal.reason));
      };
      signal.addEventListener('abort', stop, { once: true });
    });
  }

  /** Looks a VM up now and then. A look-up that fails is no reason to give up. */
  async function lookUp(vmId: string, requestId: string, signal: AbortSignal): Promise<void> {
    const answered = steady.now();
    for (const [index, time] of FOLLOW_UP_TIMES.entries()) {
      const isLast = index === FOLLOW_UP_TIMES.length - 1;
      await pause(Math.max(0, answered + time - steady.now()), signal);
      await limiter.run(async () => {
        const began = steady.now();
        const limits = { signal, ms: settings.lookupTimeout, after, late };
        const answer = await runWithin((own) => readVm(vmId, own, requestId), limits).then(
          (vm) => ({ vm }),
          () => undefined,
        );
        if (answer === undefined || signal.aborted) return;
        const { vm } = answer;
        if (vm === undefined) reservations.vmGone(vmId, began);
        else if (isLast && NOT_STARTING.has(vm.status)) reservations.startFailed(vmId);
        if (vm?.hostId === undefined) return;
        const hostName = current().host(vm.hostId)?.name ?? '';
        if (reservations.vmSeen({ vm, hostId: vm.hostId, hostName, began })) onSeen(vmId);
      }, signal);
    }
  }

  return {
    callCame(vmId, requestId) {
      unfollow(vmId);
      const calledAt = steady.now();
      const hostBefore = reservations.dropPrediction(vmId) ?? hostOf(current, vmId);
      return (hostId) =>
        follow(vmId, async (signal) => {
          const snapshot = current();
          const deadline = clock.now() + settings.lookupTimeout;
          const vm = snapshot.vm(vmId) ?? (await findVm(vmId, { requestId, signal, deadline }));
          const hostName = snapshot.host(hostId)?.name;
          signal.throwIfAborted();
          if (vm === undefined || hostName === undefined) return;
          if (reservations.predict({ vm, hostId, hostName, calledAt, hostBefore }))
            await lookUp(vmId, requestId, signal);
        });
    },
    unfollow,
    unfollowAll: () => [...followed.values()].forEach((stop) => stop()),
    close: () => closing.abort(new SchedulingError('CANCELLED', 'the inventory is closed')),
  };
}

function hostOf(current: () => Snapshot, vmId: string): string | undefined {
  try {
    return current().vm(vmId)?.hostId;
  } catch {
    return undefined;
  }
}

function late(): SchedulingError {
  return new SchedulingError('DEADLINE_EXCEEDED', 'the engine did not show the VM in time');
}
