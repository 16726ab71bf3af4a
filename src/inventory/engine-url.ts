import { SchedulingError } from '../domain/errors.js';
import { isLoopback } from '../lib/address.js';

/** URLs of an engine. */
export interface EngineUrls {
  /** Name of the engine in errors, such as `https://engine.example.com/ovirt-engine`. */
  readonly root: string;
  /** Base of the REST API, without a trailing slash. */
  readonly api: string;
  /** Issues tokens. */
  readonly token: string;
  /** Revokes tokens. */
  readonly logout: string;
  /** Serves the certificate of the engine's own authority. */
  readonly authority: string;
}

/** Settings of an engine's URL. */
export interface EngineUrlOptions {
  /** `https://HOST/ovirt-engine`, also with `/api`, `/api/v4` or a trailing slash. */
  readonly url: string;
  /** Allows plain http to another machine; to this one it is always allowed. */
  readonly allowPlaintext: boolean;
}

/** Parses an engine's URL. Throws INVALID_ARGUMENT with the remedy. */
export function engineUrls({ url, allowPlaintext }: EngineUrlOptions): EngineUrls {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed === undefined || !/^https?:$/.test(parsed.protocol)) {
    throw invalid('expected https://HOST/ovirt-engine', /:\/\/[^/]*@/.test(url) ? 'a text with an @' : url);
  }
  if (parsed.username !== '' || parsed.password !== '') {
    throw invalid('a URL must not hold user or password; give them apart');
  }
  if (parsed.search !== '' || parsed.hash !== '') {
    throw invalid('expected https://HOST/ovirt-engine, without ? or #', parsed.origin + parsed.pathname);
  }
  if (parsed.protocol === 'http:' && !allowPlaintext && !isLoopback(parsed.hostname)) {
    throw invalid('plain http would send the password in clear text; write https', url);
  }
  const [, path = '', version = ''] = /^(.*?)(?:\/api(\/v\d+)?)?\/*$/.exec(parsed.pathname) ?? [];
  if (version !== '' && version !== '/v4') {
    throw invalid('only version 4 of the API is read; end the URL with /ovirt-engine', url);
  }
  const root = `${parsed.origin}${path === '' ? '/ovirt-engine' : path}`;
  return {
    root,
    api: `${root}/api${version}`,
    token: `${root}/sso/oauth/token`,
    logout: `${root}/services/sso-logout`,
    authority: `${root}/services/pki-resource?resource=ca-certificate&format=X509-PEM-CA`,
  };
}

function invalid(problem: string, got?: string): SchedulingError {
  const suffix = got === undefined ? '' : `, got ${JSON.stringify(got)}`;
  return new SchedulingError('INVALID_ARGUMENT', `engine.url: ${problem}${suffix}`);
}
