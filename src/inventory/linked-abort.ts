/** An abort of one's own that also follows another signal. */
export interface LinkedAbort {
  readonly signal: AbortSignal;
  readonly abort: (reason?: unknown) => void;
  /** Stops following; AbortSignal.any would leave a trace on the followed signal for ever. */
  readonly unlink: () => void;
}

/** Makes an abort that follows `parent` until it is unlinked. */
export function linkAbort(parent: AbortSignal): LinkedAbort {
  const controller = new AbortController();
  const follow = () => {
    controller.abort(parent.reason);
  };
  if (parent.aborted) follow();
  else parent.addEventListener('abort', follow, { once: true });
  return {
    signal: controller.signal,
    abort: (reason) => {
      controller.abort(reason);
    },
    unlink: () => {
      parent.removeEventListener('abort', follow);
    },
  };
}
