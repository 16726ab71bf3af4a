import type { InventorySettings } from '../config/sections.js';
import type { Call } from '../domain/contract.js';
import { SchedulingError } from '../domain/errors.js';
import type { FollowCall } from '../domain/inventory.js';
import type { Snapshot, Vm } from '../domain/snapshot.js';
import { runWithin } from '../lib/deadline.js';
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
  /** Functions that stop following a VM, by its id. */
  const followed = new Map<string, () => void>();
  let isClosed = false;

  function unfollow(vmId: string): void {
    followed.get(vmId)?.();
  }

  function unfollowAll(): void {
    for (const stop of [...followed.values()]) stop();
  }

  /** Follows a VM by one step at a time, in place of the one before. Returns how to stop, to be called when the step is over. */
  function startStep(vmId: string, cancel: () => void): () => void {
    const stop = () => {
      if (followed.get(vmId) === stop) followed.delete(vmId);
      cancel();
    };
    unfollow(vmId);
    if (isClosed || followed.size >= MAX_FOLLOWED) cancel();
    else followed.set(vmId, stop);
    return stop;
  }

  /** Asks the engine as a step. What fails here fails for nobody: the usual readings show where the VM is. */
  function ask(vmId: string, run: (signal: AbortSignal) => Promise<() => void>): void {
    const own = new AbortController();
    const { signal } = own;
    const stop = startStep(vmId, () => own.abort(UNFOLLOWED));
    if (signal.aborted) return;
    void run(signal)
      .then((next) => {
        if (signal.aborted) return;
        stop();
        next();
      })
      .catch(() => undefined)
      .finally(stop);
  }

  /**
   * Looks a VM up now and then, from the `index`-th time after its answer on. A look-up that fails is no reason to give up. Most
   * VMs are seen, or asked for again, before the first one: until then there is only a timer.
   */
  function lookUp(vmId: string, requestId: string, answered: number, index = 0): void {
    const time = FOLLOW_UP_TIMES[index];
    if (time === undefined) return;
    const isLast = index === FOLLOW_UP_TIMES.length - 1;
    const cancel = after(Math.max(0, answered + time - steady.now()), () =>
      ask(vmId, async (signal) => {
        await limiter.run(() => lookUpOnce(vmId, requestId, isLast, signal), signal);
        return () => lookUp(vmId, requestId, answered, index + 1);
      }),
    );
    startStep(vmId, cancel);
  }

  async function lookUpOnce(
    vmId: string,
    requestId: string,
    isLast: boolean,
    signal: AbortSignal,
  ): Promise<void> {
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
  }

  return {
    callCame(vmId, requestId) {
      unfollow(vmId);
      const calledAt = steady.now();
      const hostBefore = reservations.dropPrediction(vmId) ?? snapshotNow()?.vm(vmId)?.hostId;

      function predict(vm: Vm | undefined, hostId: string): void {
        const hostName = snapshotNow()?.host(hostId)?.name;
        if (vm === undefined || hostName === undefined) return;
        if (reservations.predict({ vm, hostId, hostName, calledAt, hostBefore }))
          lookUp(vmId, requestId, steady.now());
      }

      return (hostId) => {
        unfollow(vmId);
        if (isClosed || followed.size >= MAX_FOLLOWED) return;
        const vm = snapshotNow()?.vm(vmId);
        if (vm !== undefined) predict(vm, hostId);
        else {
          const deadline = clock.now() + settings.lookupTimeout;
          ask(vmId, async (signal) => {
            const found = await findVm(vmId, { requestId, signal, deadline });
            return () => predict(found, hostId);
          });
        }
      };
    },
    unfollow,
    unfollowAll,
    close() {
      isClosed = true;
      unfollowAll();
    },
  };

  function snapshotNow(): Snapshot | undefined {
    try {
      return current();
    } catch {
      return undefined;
    }
  }
}

function late(): SchedulingError {
  return new SchedulingError('DEADLINE_EXCEEDED', 'the engine did not show the VM in time');
}
