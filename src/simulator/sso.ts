import { emptyAnswer, jsonTextAnswer, type Answer, type Ask } from './answer.js';
import { basicCredentials, type Sessions } from './sessions.js';

const API_SCOPE = 'ovirt-app-api';
const PASSWORD_GRANT = 'password';
const HTTP_GRANT = 'urn:ovirt:params:oauth:grant-type:http';
/** MAX_LOGIN_MINUTES of the stock profile: 7 days, in milliseconds. */
const LOGIN_LIMIT = 7 * 24 * 3_600_000;

/** The engine's single sign-on: gives tokens and takes them back. A failure is a 400, whatever failed. */
export function createSso(sessions: Sessions, clock: { now(): number }) {
  return {
    /** POST /sso/oauth/token */
    token(ask: Ask): Answer {
      const refusal = formRefusal(ask);
      if (refusal !== undefined) return refusal;
      const form = new URLSearchParams(ask.body);
      const scope = form.get('scope')?.split(' ') ?? [];
      if (!scope.includes(API_SCOPE)) return failure('invalid_scope', `Missing scope ${API_SCOPE}`);
      const grant = form.get('grant_type');
      if (grant === null) return failure('invalid_request', "Missing parameter: 'grant_type'");
      if (grant !== PASSWORD_GRANT && grant !== HTTP_GRANT) {
        return failure('unsupported_grant_type', `Unsupported grant type ${grant}`);
      }
      const [username, password] =
        grant === HTTP_GRANT
          ? (basicCredentials(ask.headers.authorization) ?? ['', ''])
          : [form.get('username') ?? '', form.get('password') ?? ''];
      if (!username.includes('@')) {
        return failure('access_denied', 'Cannot authenticate user: No valid profile found in credentials.');
      }
      if (!sessions.accepts(username, password)) {
        const reason = 'Unable to log in. Verify your login information or contact the system administrator.';
        return failure('access_denied', `Cannot authenticate user '${username}': ${reason}`);
      }
      return ssoJson({
        access_token: sessions.open(),
        scope: `${API_SCOPE} ovirt-ext=token-info:authz-search`,
        exp: String(clock.now() + LOGIN_LIMIT),
        token_type: 'bearer',
      });
    },
    /** POST /services/sso-logout */
    logout(ask: Ask): Answer {
      const refusal = formRefusal(ask);
      if (refusal !== undefined) return refusal;
      const token = new URLSearchParams(ask.body).get('token');
      if (token === null) return failure('invalid_request', "Missing parameter: 'token'");
      sessions.close(token);
      return ssoJson({});
    },
  };
}

function formRefusal(ask: Ask): Answer | undefined {
  if (ask.method !== 'POST') return emptyAnswer(405, { allow: 'POST' });
  if (ask.headers.accept !== 'application/json') {
    return failure('invalid_request', "Missing parameter: 'Accept Header'");
  }
  const type = ask.headers['content-type']?.split(';')[0]?.trim().toLowerCase();
  if (type === 'application/x-www-form-urlencoded') return undefined;
  return failure('invalid_request', "Missing parameter: 'grant_type'");
}

function failure(code: string, message: string): Answer {
  return ssoJson({ error_code: code, error: message }, 400);
}

/** The single sign-on writes its JSON in one line, unlike the REST API. */
function ssoJson(value: Readonly<Record<string, string>>, status = 200): Answer {
  return jsonTextAnswer(JSON.stringify(value), status);
}
