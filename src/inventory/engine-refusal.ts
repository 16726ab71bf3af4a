import { z } from 'zod';
import { EngineFailure } from './engine-failure.js';
import type { EngineAnswer } from './engine-http.js';
import type { EngineUrls } from './engine-url.js';
import type { Redaction } from './redaction.js';

/** Longest body of a refusal that is read, in bytes. */
const MAX_REFUSAL_BYTES = 64 * 1024;

/** Longest text of the engine that is passed on, in characters. */
const MAX_QUOTED = 300;

/** What an engine says that refuses: a REST fault, or one of the two shapes of its SSO. */
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

/** Puts an answer that is none into words that say what to do. */
export interface RefusalReader {
  /** Of the REST API, with any status but 200 and 401. */
  readonly ofApi: (answer: EngineAnswer, what: string) => Promise<EngineFailure>;
  /** Of the SSO; `login`: whether the engine looked at the credentials and did not like them. */
  readonly ofSso: (
    answer: EngineAnswer,
    username: string,
  ) => Promise<{ readonly failure: EngineFailure; readonly login: boolean }>;
  /** An answer with status 200 that is no JSON. */
  readonly ofContentType: (answer: EngineAnswer, what: string) => EngineFailure;
}

/** Makes a reader of refusals of one engine. */
export function createRefusalReader(urls: EngineUrls, redaction: Redaction): RefusalReader {
  const quote = (text: string) => plainText(redaction.clean(text));

  function ofStatus(answer: EngineAnswer, what: string, words: string | undefined): EngineFailure {
    const { status } = answer;
    const says = words === undefined ? '' : `: ${words}`;
    const answered = `${what}: the engine answered ${status}${says}`;
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
      return transient(`${answered}; the engine may be starting or overloaded`);
    }
    return lasting(answered);
  }

  function target(location: string | undefined): string {
    if (location === undefined || !URL.canParse(location, urls.root)) return 'nowhere';
    const { origin, pathname } = new URL(location, urls.root);
    // Its query may hold anything.
    return quote(`${origin}${pathname}`);
  }

  /** The engine's own words; a body that is no JSON object has none, and is never quoted. */
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

  return {
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

/** Says whether an answer claims to be JSON. */
export function isJson(answer: EngineAnswer): boolean {
  return /^application\/([\w.-]+\+)?json\b/i.test(answer.contentType);
}

function plainText(text: string): string {
  const line = text.replace(/[\p{C}\s]+/gu, ' ').trim();
  return line.length > MAX_QUOTED ? `${line.slice(0, MAX_QUOTED)}...` : line;
}

function transient(message: string): EngineFailure {
  return new EngineFailure(message, { transient: true });
}

function lasting(message: string): EngineFailure {
  return new EngineFailure(message, { transient: false });
}
