import { SchedulingError } from '../domain/errors.js';
import { isLoopback } from '../lib/address.js';

/** Where an engine answers what. */
export interface EngineUrls {
  /** `https://engine.example.com/ovirt-engine`, as errors name the engine. */
  readonly root: string;
  /** Base of the REST API, without a slash at its end. */
  readonly api: string;
  /** Where a token is got. */
  readonly token: string;
  /** Where a token is revoked. */
  readonly logout: string;
  /** Where the certificate of the engine's own authority is fetched. */
  readonly authority: string;
}

/** Parts of an engine's URL. */
export interface EngineUrlOptions {
  /** `https://HOST/ovirt-engine`, with or without `/api`, `/api/v4` or a slash at its end. */
  readonly url: string;
  /** Lets a password go over plain http to another machine; on this machine it always may. */
  readonly allowPlaintext: boolean;
}

/** Reads an engine's URL as a person wrote it. Throws INVALID_ARGUMENT, naming what to write instead. */
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
  const path = parsed.pathname.replace(/\/+$/, '').replace(/\/api(\/v4)?$/, '');
  const root = `${parsed.origin}${path === '' ? '/ovirt-engine' : path}`;
  return {
    root,
    api: `${root}/api`,
    token: `${root}/sso/oauth/token`,
    logout: `${root}/services/sso-logout`,
    authority: `${root}/services/pki-resource?resource=ca-certificate&format=X509-PEM-CA`,
  };
}

function invalid(problem: string, got?: string): SchedulingError {
  const suffix = got === undefined ? '' : `, got ${JSON.stringify(got)}`;
  return new SchedulingError('INVALID_ARGUMENT', `engine.url: ${problem}${suffix}`);
}
