/** Bytes in a MiB. */
export const MIB = 1024 ** 2;

const DIGITS = /^\d{1,19}$/;

/** Reads a size in bytes, which the engine writes as a string of digits (api.xjb); undefined for anything else. */
export function readByteCount(value: unknown): number | undefined {
  if (typeof value === 'string') return DIGITS.test(value) ? Number(value) : undefined;
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : undefined;
}
