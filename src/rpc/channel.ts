import { Client, connectivityState, InterceptingCall, type Interceptor } from '@grpc/grpc-js';
import { SchedulingError } from '../domain/errors.js';
import { isLoopback } from '../lib/address.js';
import { quoted } from '../lib/text.js';
import { setToken } from './call-metadata.js';
import { LEAST_REQUEST, registerLeastRequest } from './least-request.js';
import { INVENTORY_SERVICE, POLICY_UNIT_SERVICE } from './proto.js';
import { clientCredentials, type ClientTlsSource } from './tls.js';

/** Longest message received, in bytes: 10,000 hosts with reasons of several units fit. */
const MAX_RECEIVE_BYTES = 16 * 1024 * 1024;

/**
 * Attempts of a call: of three replicas, one that is dead, one that is starting and one that was lost meanwhile still leave two.
 * The pauses between them are 65 ms, 78 ms with their jitter, so that a service of one address that is down fails within the
 * 100 ms that the circuit breaker takes for a fair time.
 */
const RETRY_POLICY = {
  maxAttempts: 5,
  initialBackoff: '0.010s',
  backoffMultiplier: 1.5,
  maxBackoff: '0.020s',
  retryableStatusCodes: ['UNAVAILABLE'],
};

/**
 * Ends retries while more than half of the attempts fail, for a long time: each failure takes a token, each success gives
 * one, and below half of the tokens nothing is retried. A replica that is killed under many calls takes hundreds of them.
 */
const RETRY_THROTTLING = { maxTokens: 1000, tokenRatio: 1 };

/** Methods that may be asked twice. BalanceHosts may not: a service remembers what it proposed. */
const RETRIED: readonly { readonly service: string; readonly method?: string }[] = [
  ...['ListPolicyUnits', 'ScoreHosts', 'FilterHosts'].map((method) => ({
    service: POLICY_UNIT_SERVICE,
    method,
  })),
  { service: INVENTORY_SERVICE },
];

/** Reports whether the method with this path may be asked twice. */
export function isRetried(path: string): boolean {
  return RETRIED.some(({ service, method }) =>
    method === undefined ? path.startsWith(`/${service}/`) : path === `/${service}/${method}`,
  );
}

const SERVICE_CONFIG = JSON.stringify({
  // The default uses the first replica only.
  loadBalancingConfig: [{ [LEAST_REQUEST]: {} }],
  methodConfig: [{ name: RETRIED, retryPolicy: RETRY_POLICY }],
  retryThrottling: RETRY_THROTTLING,
});

registerLeastRequest();

/**
 * Creates the channel to a remote service, which connects at its first use. `token` returns what each call shows. Throws
 * INVALID_ARGUMENT for an invalid target, and for a token that would go to another machine in clear text.
 */
export function openChannel(
  target: string,
  tls: ClientTlsSource | undefined,
  token: (() => string) | undefined,
): Client {
  const credentials = clientCredentials(tls);
  if (/^https?:/i.test(target)) throw badTarget(target, 'not a URL');
  if (token !== undefined && tls === undefined && !isOnThisMachine(target)) {
    throw new SchedulingError(
      'INVALID_ARGUMENT',
      `the token would go to ${target} in clear text; call it over TLS (--ca FILE; services[].tls, inventory.fromTls; tls of createClient), or on its own machine at 127.0.0.1`,
    );
  }
  try {
    return new Client(target, credentials, {
      'grpc.max_receive_message_length': MAX_RECEIVE_BYTES,
      'grpc.keepalive_time_ms': 60_000,
      'grpc.keepalive_timeout_ms': 20_000,
      // Reconnect to a restarted service within seconds; the default waits up to two minutes.
      'grpc.initial_reconnect_backoff_ms': 200,
      'grpc.max_reconnect_backoff_ms': 5000,
      // Neither the environment nor DNS TXT records may redirect calls from the configured service.
      'grpc.enable_http_proxy': 0,
      'grpc.service_config_disable_resolution': 1,
      'grpc.service_config': SERVICE_CONFIG,
      // A connection shared with another client would outlive the close() of this one.
      'grpc.use_local_subchannel_pool': 1,
      'grpc.enable_channelz': 0,
      interceptors: token === undefined ? [] : [showToken(token)],
    });
  } catch (error) {
    throw badTarget(target, error instanceof Error ? error.message : 'unusable');
  }
}

/** Sends a token with each call, also with one that is retried. */
function showToken(token: () => string): Interceptor {
  return (options, nextCall) =>
    new InterceptingCall(nextCall(options), {
      start(metadata, listener, next) {
        setToken(metadata, token());
        next(metadata, listener);
      },
    });
}

/** Reports whether a target leads nowhere but to this machine, by the ways that grpc-js reads one. */
function isOnThisMachine(target: string): boolean {
  if (target.startsWith('unix:')) return true;
  const places = target.replace(/^(?:ipv4:|ipv6:|dns:(?:\/\/\/)?)/, '').split(',');
  return places.every((place) => isLoopback(place.replace(/:\d+$/, '')));
}

function badTarget(target: string, reason: string): SchedulingError {
  return new SchedulingError(
    'INVALID_ARGUMENT',
    `target: expected host:port, got ${quoted(target)} (${reason})`,
  );
}

/**
 * Keeps a channel connected and calls `onConnected` on every connect, at once if it is connected. Returns a function that
 * stops to; a closed channel is not watched.
 */
export function watchConnection(client: Client, onConnected: () => void): () => void {
  const channel = client.getChannel();
  let stopped = false;

  function watch(): void {
    if (stopped) return;
    // True: reconnect without waiting for a call.
    const state = stateOf(() => channel.getConnectivityState(true));
    if (state === connectivityState.SHUTDOWN) return;
    if (state === connectivityState.READY) onConnected();
    channel.watchConnectivityState(state, Infinity, watch);
  }

  watch();
  return () => {
    stopped = true;
  };
}

/** Returns the state of a channel; reading that of a closed one throws. */
function stateOf(read: () => connectivityState): connectivityState {
  try {
    return read();
  } catch {
    return connectivityState.SHUTDOWN;
  }
}
