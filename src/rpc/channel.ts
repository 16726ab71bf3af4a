import { Client } from '@grpc/grpc-js';
import { SchedulingError } from '../domain/errors.js';
import { quote } from './message/quote.js';
import { clientCredentials, type ClientTls } from './tls.js';

/** Where a remote service is. */
export interface ChannelOptions {
  /** `host:port`, or any name that gRPC knows, such as `dns:///name:port`. */
  readonly target: string;
  /** Absent: plain text. */
  readonly tls?: ClientTls;
  /** Bytes of one received message. */
  readonly maxReceiveBytes: number;
}

/** Opens the one channel to a remote service. It connects when it is first used. Throws INVALID_ARGUMENT for a bad target. */
export function openChannel({ target, tls, maxReceiveBytes }: ChannelOptions): Client {
  const credentials = clientCredentials(tls);
  if (/^https?:/i.test(target)) throw badTarget(target, 'not a URL');
  try {
    return new Client(target, credentials, {
      'grpc.max_receive_message_length': maxReceiveBytes,
      'grpc.keepalive_time_ms': 60_000,
      'grpc.keepalive_timeout_ms': 20_000,
      // A service that was restarted is found again within seconds; the default waits up to two minutes.
      'grpc.initial_reconnect_backoff_ms': 200,
      'grpc.max_reconnect_backoff_ms': 5000,
      // Neither the environment nor a name's TXT records may bend the way to a service that the configuration names.
      'grpc.enable_http_proxy': 0,
      'grpc.service_config_disable_resolution': 1,
      // Replicas behind one name share the load; the default asks the first one only.
      'grpc.service_config': JSON.stringify({ loadBalancingConfig: [{ round_robin: {} }] }),
      // A connection that is shared with another client would outlive the close() of this one.
      'grpc.use_local_subchannel_pool': 1,
      'grpc.enable_channelz': 0,
    });
  } catch (error) {
    throw badTarget(target, error instanceof Error ? error.message : 'unusable');
  }
}

function badTarget(target: string, reason: string): SchedulingError {
  return new SchedulingError(
    'INVALID_ARGUMENT',
    `target: expected host:port, got ${quote(target)} (${reason})`,
  );
}
