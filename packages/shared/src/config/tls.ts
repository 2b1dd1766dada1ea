/** How a connection is encrypted: by the words of libpq behind the ? of a URL, for PostgreSQL and Redis alike. */
import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { createSecureContext, type ConnectionOptions } from "node:tls";

/** From nothing to a certificate that is checked in full. https://www.postgresql.org/docs/current/libpq-ssl.html */
const MODES = ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"] as const;

type Mode = (typeof MODES)[number];

/** What a URL may say of its encryption. */
export const TLS_PARAMETERS = [
  "sslmode",
  "sslrootcert",
  "sslcert",
  "sslkey",
  "ssl",
  "uselibpqcompat",
];

/** Words of node-postgres and of JDBC, that people have in their URLs. */
const OTHER_NAMES: Readonly<Record<string, Mode>> = {
  "no-verify": "require",
  true: "require",
  "1": "require",
};

/** The CAs that came with Node instead of a file. */
const SYSTEM = "system";

export interface Encryption {
  readonly mode: Mode;
  /** What the TLS of Node is told; undefined: there is none. */
  readonly tls: ConnectionOptions | undefined;
}

/**
 * How the connection to `url` is encrypted. Without a word it is where the server offers it, unless the server is on this machine; `rediss:`
 * checks its certificate in full. Throws where a file cannot be read.
 */
export function encryptionOf(url: URL): Encryption {
  const mode = modeOf(url) ?? usualMode(url);
  return { mode, tls: mode === "disable" ? undefined : tlsOptions(url, mode) };
}

/** What is wrong with what a URL says of its encryption. */
export function tlsFault(url: URL): string | undefined {
  const given = url.searchParams.get("sslmode") ?? url.searchParams.get("ssl");
  const mode = modeOf(url);
  if (given !== null && mode === undefined)
    return `has an sslmode that is none of ${MODES.join(", ")}`;
  const onRedis = redisFault(url, given, mode);
  if (onRedis !== undefined) return onRedis;
  if (mode === "verify-ca" && !url.searchParams.has("sslrootcert"))
    return "says sslmode=verify-ca without sslrootcert: name the file of its CA, or say verify-full";
  return fileFault(url);
}

/** Where a URL of PostgreSQL leads: what stands behind its ? wins. */
export function dialled({ hostname, port, searchParams }: URL): { host: string; port: string } {
  return {
    host: searchParams.get("host") ?? decodeURIComponent(hostname),
    port: searchParams.get("port") ?? (port || "5432"),
  };
}

/** Whether the server is on this machine: nobody else reads what goes there. */
export function isOnThisMachine(url: URL): boolean {
  return /^(|\/.*|localhost|127(\.\d{1,3}){3}|\[?::1\]?)$/i.test(dialled(url).host);
}

/** A word for who sends patients' data where others may listen: none, or one. `variable`: who holds the URL of a PostgreSQL. */
export function plainTextRisk(
  variable: string,
  given: string,
): readonly { readonly code: "plain_text"; readonly says: string }[] {
  const url = new URL(given);
  const { mode } = encryptionOf(url);
  if (isOnThisMachine(url) || mode === "require" || mode.startsWith("verify")) return [];
  const how =
    mode === "prefer"
      ? "is encrypted only if the server offers it, whoever answers"
      : "is in plain text";
  const { host, port } = dialled(url);
  const place = port === "5432" ? host : `${host}:${port}`;
  const says = `${variable}: the way to ${place} ${how}: say sslmode=verify-full, with its CA in sslrootcert`;
  return [{ code: "plain_text", says }];
}

function redisFault(
  { protocol }: URL,
  given: string | null,
  mode: Mode | undefined,
): string | undefined {
  if (protocol === "redis:" && given !== null && mode !== "disable")
    return "says sslmode, which needs rediss:// in place of redis://";
  return protocol === "rediss:" && (mode === "disable" || mode === "allow" || mode === "prefer")
    ? "says rediss:// and an sslmode without TLS: choose one"
    : undefined;
}

function modeOf({ searchParams }: URL): Mode | undefined {
  const given = searchParams.get("sslmode") ?? searchParams.get("ssl") ?? undefined;
  return MODES.find((mode) => mode === given) ?? OTHER_NAMES[given ?? ""];
}

function usualMode(url: URL): Mode {
  if (url.protocol === "rediss:") return "verify-full";
  return url.protocol === "redis:" || isOnThisMachine(url) ? "disable" : "prefer";
}

function tlsOptions({ searchParams }: URL, mode: Mode): ConnectionOptions {
  const file = (name: string): string | undefined => {
    const path = searchParams.get(name);
    return path === null || path === SYSTEM ? undefined : readFileSync(path, "utf8");
  };
  const [ca, cert, key] = [file("sslrootcert"), file("sslcert"), file("sslkey")];
  // As libpq: who names a CA wants it checked, whatever else is said.
  const checked =
    mode.startsWith("verify") || (mode === "require" && searchParams.has("sslrootcert"));
  return {
    ...(ca !== undefined && { ca }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
    ...(!checked && { rejectUnauthorized: false }),
    ...(checked && mode !== "verify-full" && { checkServerIdentity: () => undefined }),
  };
}

function fileFault(url: URL): string | undefined {
  const files = ["sslrootcert", "sslcert", "sslkey"].flatMap((name) => {
    const path = url.searchParams.get(name);
    return path === null || (path === SYSTEM && name === "sslrootcert") ? [] : [{ name, path }];
  });
  for (const { name, path } of files) {
    try {
      const text = readFileSync(path, "utf8");
      if (name !== "sslkey" && !isCertificate(text))
        return `names an ${name} that is no certificate (PEM)`;
    } catch (error) {
      const code = error instanceof Error && "code" in error ? String(error.code) : "unreadable";
      return `names an ${name} that cannot be read (${code}): is it mounted?`;
    }
  }
  // Without files there is nothing that could not be used, and a context takes 50 ms: all of Node's CAs are read for it.
  return files.length === 0 ? undefined : contextFault(url);
}

/** Node passes over what is none, and says later that it knows no CA. */
function isCertificate(text: string): boolean {
  try {
    return new X509Certificate(text).validTo !== "";
  } catch {
    return false;
  }
}

/** Node says only when it connects that it cannot use what it was given. */
function contextFault(url: URL): string | undefined {
  try {
    createSecureContext(tlsOptions(url, "verify-full"));
    return undefined;
  } catch {
    return "names an sslcert and an sslkey that do not belong together, or a file that is damaged";
  }
}
