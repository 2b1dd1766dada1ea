/** Why a server did not let a connection in, in words: encryption, the same for every server, and PostgreSQL's rules of authentication. */

const UNKNOWN_CA =
  "its certificate is of a CA that is not known here: name the CA's file with sslrootcert";

/** By the codes of OpenSSL and of Node. https://nodejs.org/api/tls.html#x509-certificate-error-codes */
const OF_TLS: readonly (readonly [RegExp, string])[] = [
  [
    /^DEPTH_ZERO_SELF_SIGNED_CERT$/,
    "its certificate is self-signed: name it with sslrootcert, if it is to be trusted",
  ],
  [/^SELF_SIGNED_CERT_IN_CHAIN$/, UNKNOWN_CA],
  [/^UNABLE_TO_(GET_ISSUER_CERT|VERIFY_LEAF_SIGNATURE)/, UNKNOWN_CA],
  [/^CERT_SIGNATURE_FAILURE$/, "its certificate is not signed by the CA of sslrootcert"],
  [/^CERT_HAS_EXPIRED$/, "its certificate has expired: have it renewed there"],
  [/^CERT_NOT_YET_VALID$/, "its certificate is not valid yet: compare the clocks"],
  [
    /^CERT_(REVOKED|REJECTED|UNTRUSTED)$/,
    "its certificate is not trusted any more: have it renewed there",
  ],
  [
    /^ERR_TLS_CERT_ALTNAME_(INVALID|FORMAT)$/,
    "its certificate is for another host name: use the name that it is made for",
  ],
  [
    /^(EPROTO|ERR_SSL_(WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG))$/,
    "the TLS handshake failed: does it speak TLS at this port, and in a version of today?",
  ],
  [
    /^ERR_SSL_.*(CERTIFICATE_REQUIRED|HANDSHAKE_FAILURE)/,
    "it wants a certificate of ours: name it with sslcert and sslkey",
  ],
  [/^ERR_SSL_/, "the TLS handshake failed: the server's log says more"],
];

const BY_WORDS: readonly (readonly [RegExp, string])[] = [
  [
    /does not support SSL/,
    "the server speaks no TLS: switch it on there, or say sslmode=disable where the way to it is safe",
  ],
  [
    /before secure TLS connection was established/,
    "it ended the connection instead of a TLS handshake: does it speak TLS at this port?",
  ],
];

/** The reason, with its code; undefined where something else was wrong. */
export function connectionRefusal(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const code: unknown = Reflect.get(error, "code");
  const reason = BY_WORDS.find(([pattern]) => pattern.test(error.message))?.[1];
  if (reason !== undefined || typeof code !== "string") return reason;
  const found =
    code === "28000" ? ofRules(error.message) : OF_TLS.find(([pattern]) => pattern.test(code))?.[1];
  return found === undefined ? undefined : `${found} (${code})`;
}

/** What `pg_hba.conf` says of a way to connect. Servers of other languages keep the name of the file. */
function ofRules(message: string): string | undefined {
  if (/client certificate/.test(message))
    return "it wants a certificate of ours: name it with sslcert and sslkey";
  if (!/pg_hba\.conf/.test(message)) return undefined;
  return /no encryption|SSL off/.test(message)
    ? "the server refuses this user from here without TLS: say sslmode=require or verify-full, or have its pg_hba.conf changed"
    : "the server refuses this user from here: its pg_hba.conf has no line that lets this user, database and address in";
}
