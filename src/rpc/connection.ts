import { connectivityState, type Client } from '@grpc/grpc-js';

/**
 * Keeps a client connected, and tells each time when a connection is there, at once when it is already. Returns how to
 * stop; a closed client stops by itself. Attempts that fail are repeated by gRPC, with a growing pause.
 */
export function watchConnection(client: Client, onConnected: () => void): () => void {
  const channel = client.getChannel();
  let stopped = false;

  function watch(): void {
    if (stopped) return;
    // True: a connection that was lost, or never made, is made again without waiting for a call.
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

/** The state of a channel; that of a closed one can't be asked for. */
function stateOf(read: () => connectivityState): connectivityState {
  try {
    return read();
  } catch {
    return connectivityState.SHUTDOWN;
  }
}
