import type { XmlRpcValue } from '../engine-model/value.js';

/** Calls methods of one XML-RPC server. */
export interface XmlRpcCaller {
  /** Rejects with an XmlRpcFault when the server answers one, and with an error that names the URL when there is no answer. */
  readonly call: (
    method: string,
    params: readonly XmlRpcValue[],
    options: { readonly signal: AbortSignal },
  ) => Promise<XmlRpcValue>;
  readonly close: () => void;
}

/** Opens a caller for the server at a URL; a call that takes longer than the timeout rejects. */
export type OpenXmlRpcCaller = (options: {
  readonly url: string;
  readonly timeoutMs: number;
}) => XmlRpcCaller;
