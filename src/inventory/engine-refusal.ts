import { z } from 'zod';
import { oneLine } from '../lib/text.js';
import { lasting, passing, type EngineFailure } from './engine-failure.js';
import type { EngineAnswer } from './engine-http.js';
import type { EngineUrls } from './engine-url.js';

/** Longest body of a refusal that is read, in bytes. */
const MAX_REFUSAL_BYTES = 64 * 1024;

/** Longest text of the engine in a message, in characters, without the three dots of a cut. */
const MAX_QUOTED = 300;

/** Replacement of a secret in a text of the engine. */
const REPLACEMENT = '[secret]';

/** Body of a refusal: a REST fault, or one of the two forms of the SSO. */
const REFUSAL = z.object({
  reason: z.string().optional().catch(undefined),
  detail: z.string().optional().catch(undefined),
  error: z.string().optional().catch(undefined),
  error_code: z.string().optional().catch(undefined),
  error_description: z.string().optional().catch(undefined),
});

const ROLE = 'the account needs an administrator role, such as ReadOnlyAdmin on the whole system';

/** Remedy for an account that sees too little. */
export const ROLE_REMEDY = `${ROLE}, to see hosts and where VMs run`;

/** Remedy for an account that sees no events. */
export const EVENTS_REMEDY = `${ROLE}, to see events`;

/** Reader of refusals: makes failures with the remedy, and without secrets, which engines echo. */
export interface RefusalReader {
  /** Adds a secret to hide. */
  readonly hide: (secret: string) => void;
  /** Removes a secret that is no longer valid. */
  readonly forget: (secret: string) => void;
  /** Reads an answer of the REST API with a status other than 200 and 401. */
  readonly ofApi: (answer: EngineAnswer, what: string) => Promise<EngineFailure>;
  /** Reads an answer of the SSO. `isLogin` is true if the engine refused the credentials themselves. */
  readonly ofSso: (
    answer: EngineAnswer,
    username: string,
  ) => Promise<{ readonly failure: EngineFailure; readonly isLogin: boolean }>;
  /** Reads an answer 200 that is not JSON. */
  readonly ofContentType: (answer: EngineAnswer, what: string) => EngineFailure;
}

/** Creates a reader of the refusals of one engine. */
export function createRefusalReader(urls: EngineUrls): RefusalReader {
  const secrets = new Map<string, readonly string[]>();

  function quote(text: string): string {
    let clean = text;
    for (const spelling of [...secrets.values()].flat()) clean = clean.replaceAll(spelling, REPLACEMENT);
    return oneLine(clean, MAX_QUOTED + 3);
  }

  function ofStatus(answer: EngineAnswer, what: string, words: string | undefined): EngineFailure {
    const { status } = answer;
    const answered = `${what}: the engine answered ${status}${words === undefined ? '' : `: ${words}`}`;
    if (status >= 300 && status < 400) {
      return lasting(
        `${what}: the engine answered ${status} and points to ${target(answer.location)}, which is not followed ` +
          `since credentials would go along; set the engine URL to where the engine really is`,
      );
    }
    if (status === 403) return lasting(`${answered}; ${ROLE_REMEDY}`);
    if (status === 404) {
      return lasting(`${answered}; is ${urls.root} the engine's URL, and is the engine fully started?`);
    }
    if (status === 400) {
      const role = words !== undefined && /permission|authori[sz]/i.test(words) ? `; ${ROLE_REMEDY}` : '';
      return lasting(`${answered}${role}`);
    }
    if (status === 408 || status === 429 || status >= 500) {
      return passing(`${answered}; the engine may be starting or overloaded`);
    }
    return lasting(answered);
  }

  function target(location: string | undefined): string {
    if (location === undefined || !URL.canParse(location, urls.root)) return 'nowhere';
    const { origin, pathname } = new URL(location, urls.root);
    // The query may hold secrets.
    return quote(`${origin}${pathname}`);
  }

  return {
    hide(secret) {
      if (secret !== '') secrets.set(secret, spellings(secret));
    },
    forget: (secret) => void secrets.delete(secret),
    async ofApi(answer, what) {
      const { reason, detail } = await wordsOf(answer);
      const words = [reason, detail].filter((text) => text !== undefined && text !== '').join(': ');
      return ofStatus(answer, what, words === '' ? undefined : quote(words));
    },
    async ofSso(answer, username) {
      const {
        error,
        error_code: code = error,
        error_description: description = error,
      } = await wordsOf(answer);
      const what = `login of ${JSON.stringify(username)} at ${urls.token}`;
      const words =
        code === undefined ? undefined : quote(code === description ? code : `${code}: ${description ?? ''}`);
      const isLogin =
        answer.status === 401 ||
        code === 'access_denied' ||
        code === 'invalid_grant' ||
        code === 'unauthorized_client';
      if (!isLogin) return { failure: ofStatus(answer, what, words), isLogin };
      return {
        failure: lasting(
          `${what}: refused${words === undefined ? '' : ` (${words})`}; check the password, and the profile after the ` +
            `last @ of the user name: admin@internal, or admin@ovirt@internalsso on an engine with Keycloak`,
        ),
        isLogin,
      };
    },
    ofContentType(answer, what) {
      answer.discard();
      const type = answer.contentType === '' ? 'no content type' : quote(answer.contentType);
      return lasting(
        `${what}: the engine answered 200 with ${type} instead of JSON; is ${urls.root} the engine's URL?`,
      );
    },
  };
}

/** Reports whether an answer claims to be JSON. */
export function isJson(answer: EngineAnswer): boolean {
  return /^application\/([\w.-]+\+)?json\b/i.test(answer.contentType);
}

/** Returns the engine's own words: none of a body that is no JSON object, which is never quoted. */
async function wordsOf(answer: EngineAnswer): Promise<z.infer<typeof REFUSAL>> {
  if (!isJson(answer)) {
    answer.discard();
    return {};
  }
  try {
    return REFUSAL.parse(JSON.parse(await answer.text(MAX_REFUSAL_BYTES)));
  } catch {
    return {};
  }
}

/** Returns the forms in which a text may hold a secret (plain, URL-encoded, base64), the longest first. */
function spellings(secret: string): string[] {
  const form = new URLSearchParams([['', secret]]).toString().slice(1);
  const base64 = Buffer.from(secret, 'utf8').toString('base64');
  const all = new Set([secret, form, encodeURIComponent(secret), base64, base64.replace(/=+$/, '')]);
  return [...all].sort((a, b) => b.length - a.length);
}
