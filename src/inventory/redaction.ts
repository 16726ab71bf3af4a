/** Keeps secrets out of what is shown: texts of the engine may echo what it was sent. */
export interface Redaction {
  /** Takes a secret into keeping. */
  readonly hide: (secret: string) => void;
  /** A secret that is no longer valid need not be kept. */
  readonly forget: (secret: string) => void;
  /** The text with every secret replaced, also where it stands URL-encoded or as base64. */
  readonly clean: (text: string) => string;
}

const REPLACEMENT = '[secret]';

/** Starts with no secrets. */
export function createRedaction(): Redaction {
  const secrets = new Map<string, readonly string[]>();
  return {
    hide(secret) {
      if (secret !== '') secrets.set(secret, spellings(secret));
    },
    forget: (secret) => void secrets.delete(secret),
    clean(text) {
      let cleaned = text;
      for (const spelling of [...secrets.values()].flat())
        cleaned = cleaned.replaceAll(spelling, REPLACEMENT);
      return cleaned;
    },
  };
}

function spellings(secret: string): string[] {
  const form = new URLSearchParams([['', secret]]).toString().slice(1);
  const base64 = Buffer.from(secret, 'utf8').toString('base64');
  const all = new Set([secret, form, encodeURIComponent(secret), base64, base64.replace(/=+$/, '')]);
  return [...all].sort((a, b) => b.length - a.length);
}
