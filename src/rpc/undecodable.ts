import type { Deserialize } from '@grpc/proto-loader';
import { SchedulingError } from '../domain/errors.js';

/** Stands for a message whose bytes are not what the contract says. */
export const UNDECODABLE = Symbol('undecodable message');

/**
 * Makes a decoder that never throws. grpc-js ends a whole stream when its decoder throws, and answers INTERNAL, which
 * looks like a bug of the server and not of the caller.
 */
export function tolerant<Message>(
  deserialize: Deserialize<Message>,
): (bytes: Buffer) => Message | typeof UNDECODABLE {
  return (bytes) => {
    try {
      return deserialize(bytes);
    } catch {
      return UNDECODABLE;
    }
  };
}

/** The message. Throws INVALID_ARGUMENT when its bytes could not be decoded. */
export function decoded<Message>(message: Message | typeof UNDECODABLE): Message {
  if (message !== UNDECODABLE) return message;
  throw new SchedulingError(
    'INVALID_ARGUMENT',
    'request: its bytes are not a message of the contract; compare the caller with its .proto',
  );
}
