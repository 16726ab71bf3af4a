import { connectivityState, experimental, status } from '@grpc/grpc-js';
import type { Clock } from '../lib/timers.js';

/** Name of the load balancing policy, as in a service config. */
export const LEAST_REQUEST = 'least_request';

const ROUND_ROBIN = experimental.parseLoadBalancingConfig({ round_robin: {} });

/** Longest time that a replica is passed over after a failed call, in ms: one that came back is used again by then. */
const AVOIDED_MS = 5000;

/** Replicas that are compared for a call: of three, one that works is always found. */
const MAX_LOOKS = 3;

/** Statuses that say nothing against a replica: any other one would give them too. */
const ANSWERED: ReadonlySet<status> = new Set([
  status.OK,
  status.NOT_FOUND,
  status.INVALID_ARGUMENT,
  status.UNIMPLEMENTED,
]);

/**
 * Registers a load balancing policy that takes replicas in turn, and passes over one that failed a call within the last 5 s, or
 * has calls under way, for a better one of the next two. So a replica that hangs holds about as many calls as others
 * have under way, and gets no more for 5 s once one of them failed; but where there is no other one, it is asked.
 * Other languages have this as least_request; grpc-js does not.
 */
export function registerLeastRequest(): void {
  experimental.registerLoadBalancerType(LEAST_REQUEST, LeastRequest, LeastRequestConfig);
}

// Classes, since grpc-js creates them by `new`.
class LeastRequestConfig implements experimental.TypedLoadBalancingConfig {
  static createFromJson(): LeastRequestConfig {
    return new LeastRequestConfig();
  }

  getLoadBalancerName(): string {
    return LEAST_REQUEST;
  }

  toJsonObject(): object {
    return { [LEAST_REQUEST]: {} };
  }
}

class LeastRequest extends experimental.ChildLoadBalancerHandler implements experimental.LoadBalancer {
  constructor(channel: experimental.ChannelControlHelper) {
    const connections = new WeakMap<object, Connection>();
    super(
      experimental.createChildChannelControlHelper(channel, {
        updateState(state, picker, message) {
          const isReady = state === connectivityState.READY;
          channel.updateState(state, isReady ? createPicker(picker, connections) : picker, message);
        },
      }),
    );
  }

  override updateAddressList(
    endpoints: Parameters<experimental.LoadBalancer['updateAddressList']>[0],
    _config: experimental.TypedLoadBalancingConfig,
    ...others: [Parameters<experimental.LoadBalancer['updateAddressList']>[2], string]
  ): boolean {
    return super.updateAddressList(endpoints, ROUND_ROBIN, ...others);
  }

  override getTypeName(): string {
    return LEAST_REQUEST;
  }
}

/** Figures of a connection. */
export interface Connection {
  /** Calls under way. */
  calls: number;
  /** When a call failed, by the steady clock, if none was answered since. */
  failedAt: number;
}

/** Creates the picker over one that takes replicas in turn. `connections` has what earlier pickers of the channel learnt. */
export function createPicker(
  inTurn: experimental.Picker,
  connections = new WeakMap<object, Connection>(),
  steady: Clock = performance,
): experimental.Picker {
  function connectionOf(subchannel: experimental.SubchannelInterface): Connection {
    const known = connections.get(subchannel) ?? { calls: 0, failedAt: -Infinity };
    connections.set(subchannel, known);
    return known;
  }

  /**
   * Picks the next connection in turn. Its burden is below 1, and 0 for an idle one, unless it failed of late: then it is the
   * larger the later that was, so that a call is not sent back to where it has just failed.
   */
  function look(call: experimental.PickArgs) {
    const pick = inTurn.pick(call);
    if (pick.subchannel === null) return { pick, burden: 0 };
    const connection = connectionOf(pick.subchannel);
    const { calls, failedAt } = connection;
    const avoidedFor = failedAt + AVOIDED_MS - steady.now();
    return { pick, connection, burden: avoidedFor > 0 ? 1 + avoidedFor : calls / (calls + 1) };
  }

  return {
    pick(call) {
      let best = look(call);
      for (let looks = 1; best.burden > 0 && looks < MAX_LOOKS; looks += 1) {
        const next = look(call);
        if (next.burden < best.burden) best = next;
      }
      const { pick, connection } = best;
      if (connection === undefined) return pick;
      return {
        ...pick,
        onCallStarted() {
          pick.onCallStarted?.();
          connection.calls += 1;
        },
        onCallEnded(code, ...end) {
          connection.calls -= 1;
          connection.failedAt = ANSWERED.has(code) ? -Infinity : steady.now();
          pick.onCallEnded?.(code, ...end);
        },
      };
    },
  };
}
