import { z } from 'zod';
import { oneLine } from '../lib/text.js';
import { lasting, passing, type EngineFailure } from './engine-failure.js';
import type { EngineAnswer } from './engine-http.js';
import type { EngineUrls } from './engine-url.js';

/** Longest body of a refusal that is read: bytes. */
const MAX_REFUSAL_BYTES = 64 * 1024;

/** Longest text of the engine that is passed on: characters, and three dots. */
const MAX_QUOTED = 300;

/** What stands in a text of the engine in place of a secret. */
const REPLACEMENT = '[secret]';

/** The words of an engine that refuses: a REST fault, or one of the two shapes of its SSO. */
const REFUSAL = z.object({
  reason: z.string().optional().catch(undefined),
  detail: z.string().optional().catch(undefined),
  error: z.string().optional().catch(undefined),
  error_code: z.string().optional().catch(undefined),
  error_description: z.string().optional().catch(undefined),
});

/** The role that an account needs, in the words of an error. */
export const ROLE_REMEDY =
  'the account needs an administrator role, such as ReadOnlyAdmin on the whole system, to see hosts and where VMs run';

/** Puts an answer that is none into words that say what to do, and keeps secrets out of them: engines echo what they are sent. */
export interface RefusalReader {
  /** Takes a secret into keeping. */
  readonly hide: (secret: string) => void;
  /** Lets go of a secret that is no longer valid. */
  readonly forget: (secret: string) => void;
  /** Reads an answer of the REST API, with any status but 200 and 401. */
  readonly ofApi: (answer: EngineAnswer, what: string) => Promise<EngineFailure>;
  /** Reads an answer of the SSO; `login`: whether the engine looked at the credentials and did not like them. */
  readonly ofSso: (
    answer: EngineAnswer,
    username: string,
  ) => Promise<{ readonly failure: EngineFailure; readonly login: boolean }>;
  /** Reads an answer with status 200 that is no JSON. */
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
    // Its query may hold anything.
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
      const login =
        answer.status === 401 ||
        code === 'access_denied' ||
        code === 'invalid_grant' ||
        code === 'unauthorized_client';
      if (!login) return { failure: ofStatus(answer, what, words), login };
      return {
        failure: lasting(
          `${what}: refused${words === undefined ? '' : ` (${words})`}; check the password, and the profile after the ` +
            `last @ of the user name: admin@internal, or admin@ovirt@internalsso on an engine with Keycloak`,
        ),
        login,
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

/** Returns the engine's own words; a body that is no JSON object has none, and is never quoted. */
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

/** Returns a secret in every form in which a text may hold it: as it is, URL-encoded, as base64; the longest first. */
function spellings(secret: string): string[] {
  const form = new URLSearchParams([['', secret]]).toString().slice(1);
  const base64 = Buffer.from(secret, 'utf8').toString('base64');
  const all = new Set([secret, form, encodeURIComponent(secret), base64, base64.replace(/=+$/, '')]);
  return [...all].sort((a, b) => b.length - a.length);
}
