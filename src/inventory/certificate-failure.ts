import { lasting, type EngineFailure } from './engine-failure.js';
import type { EngineUrls } from './engine-url.js';

/** Facts that remedies depend on. */
interface Trust {
  readonly urls: EngineUrls;
  /** True when `engine.caFile` is set, so that the authorities of Node don't count. */
  readonly hasCa: boolean;
}

/** Fault of a certificate, in words that follow `the certificate of the engine at ...`, and the remedy. */
interface Problem {
  readonly words: string;
  readonly remedy: string | ((trust: Trust) => string);
}

const fetchAuthority = ({ urls }: Trust) =>
  `fetch the engine's own with curl -k -o ca.pem '${urls.authority}' and name that file as caFile`;

const unknownAuthority: Problem = {
  words: 'is of an unknown authority',
  remedy: (trust) =>
    trust.hasCa
      ? `caFile holds another one; ${fetchAuthority(trust)}, or name the file of the authority that signed the certificate`
      : fetchAuthority(trust),
};

const renew = "renew it: engine-setup does so for the engine's own";

const outdated: Problem = {
  words: 'or of its authority is not valid today',
  remedy: 'renew it, or set the clock',
};

const otherName: Problem = {
  words: 'is made out to another name',
  remedy: "use the engine's own name in the URL",
};

const badDate: Problem = { words: 'has a date that is none', remedy: renew };

const badSignature: Problem = {
  words: 'does not match the authority of the name that it gives',
  remedy: (trust) => `the authority may have been renewed; ${fetchAuthority(trust)}`,
};

const refusedUse: Problem = {
  words: 'or its authority is marked as not to be trusted for this',
  remedy: (trust) => `take the mark from caFile, or ${fetchAuthority(trust)}`,
};

/** Problems by the code that Node gives to a result of OpenSSL's verification (X509_V_ERR_*). */
const PROBLEMS: ReadonlyMap<string, Problem> = new Map([
  ['DEPTH_ZERO_SELF_SIGNED_CERT', unknownAuthority],
  ['SELF_SIGNED_CERT_IN_CHAIN', unknownAuthority],
  ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', unknownAuthority],
  [
    'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    {
      words: 'comes alone, and is of an unknown authority',
      remedy: (trust) =>
        trust.hasCa
          ? `append the intermediate certificates to caFile, or have the server send them; if there are none, ${fetchAuthority(trust)}`
          : `${fetchAuthority(trust)}; if the authority is a public one, have the server send the intermediate certificates`,
    },
  ],
  [
    'UNABLE_TO_GET_ISSUER_CERT',
    {
      words: 'is of an intermediate authority, whose own issuer is unknown',
      remedy: 'append the certificate of the root authority to caFile',
    },
  ],
  ['CERT_HAS_EXPIRED', outdated],
  ['CERT_NOT_YET_VALID', outdated],
  ['ERROR_IN_CERT_NOT_BEFORE_FIELD', badDate],
  ['ERROR_IN_CERT_NOT_AFTER_FIELD', badDate],
  ['ERR_TLS_CERT_ALTNAME_INVALID', otherName],
  ['HOSTNAME_MISMATCH', otherName],
  ['CERT_SIGNATURE_FAILURE', badSignature],
  ['UNABLE_TO_DECRYPT_CERT_SIGNATURE', badSignature],
  ['UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY', badSignature],
  ['CERT_REVOKED', { words: 'was revoked', remedy: renew }],
  [
    'INVALID_CA',
    {
      words: 'is signed by a certificate that is no authority',
      remedy: 'have an authority sign it, and name that one as caFile',
    },
  ],
  [
    'INVALID_PURPOSE',
    {
      words: 'is not made for a server, or is signed by a certificate that is no authority',
      remedy: 'issue one with the extended key usage serverAuth, signed by an authority (CA:TRUE)',
    },
  ],
  [
    'PATH_LENGTH_EXCEEDED',
    {
      words: 'is below more intermediate authorities than one of them allows (pathlen)',
      remedy: 'issue one of an authority further up',
    },
  ],
  [
    'CERT_CHAIN_TOO_LONG',
    {
      words: 'is below more than 100 intermediate authorities',
      remedy: 'issue one of an authority further up',
    },
  ],
  ['CERT_UNTRUSTED', refusedUse],
  ['CERT_REJECTED', refusedUse],
]);

/** Problems by OpenSSL's words, for results that Node has no code for and calls UNSPECIFIED. */
const UNSPECIFIED: readonly (readonly [RegExp, Problem])[] = [
  [
    /digest algorithm too weak/i,
    { words: 'or of its authority is signed with SHA-1 or MD5, which can be forged', remedy: renew },
  ],
  [/key too weak/i, { words: 'or of its authority has a key that is too short', remedy: renew }],
  [
    /critical extension/i,
    { words: 'has a critical extension that OpenSSL does not know', remedy: 'issue one without it' },
  ],
];

/** Returns the failure for a certificate that did not stand its verification; undefined for other codes. */
export function certificateFailure(
  { code = '', message = '' }: { readonly code?: string | undefined; readonly message?: string | undefined },
  trust: Trust,
): EngineFailure | undefined {
  if (code === 'UNSPECIFIED') {
    const [, known] = UNSPECIFIED.find(([words]) => words.test(message)) ?? [];
    return failureOf(known ?? { words: 'can not be verified', remedy: renew }, message, trust);
  }
  const problem = PROBLEMS.get(code);
  return problem && failureOf(problem, code, trust);
}

function failureOf({ words, remedy }: Problem, cause: string, trust: Trust): EngineFailure {
  const advice = typeof remedy === 'string' ? remedy : remedy(trust);
  return lasting(`the certificate of the engine at ${trust.urls.root} ${words} (${cause}); ${advice}`);
}
