/** What is wrong with the URL of a server, in words that never repeat it: it holds a password. */
import { closest } from "./closest.ts";
import { tlsFault, TLS_PARAMETERS } from "./tls.ts";

/** The parameters of a URL that node-postgres knows. It would silently ignore all others. */
const POSTGRES_PARAMETERS = [...TLS_PARAMETERS, "host", "port", "options"];

/** What libpq knows, providers write into the URLs that people copy, and makes no difference here: sessions have names of ours. */
const WITHOUT_EFFECT = [
  "application_name",
  "channel_binding",
  "connect_timeout",
  "gssencmode",
  "keepalives",
  "keepalives_count",
  "keepalives_idle",
  "keepalives_interval",
  "target_session_attrs",
];

const REDIS_PARAMETERS = [...TLS_PARAMETERS, "family"];

/** Databases of a Redis are numbered by an int. */
const MOST_DATABASES = 2 ** 31 - 1;

const ENCODE = "@ is %40, : %3A, / %2F, ? %3F, # %23, % %25 in a user or password";

/** What keeps this from being the URL of a PostgreSQL database; undefined: nothing. */
export function databaseUrlFault(value: string): string | undefined {
  if (!/^postgres(ql)?:\/\//i.test(value.trim().replace(/^["']/, "")))
    return "must look like postgres://user:password@host:5432/database";
  return (
    faultOfText(value) ??
    whereReadable(
      value,
      (url) =>
        parametersFault(url, POSTGRES_PARAMETERS) ??
        placeFault(url) ??
        nameFault(url) ??
        tlsFault(url),
    )
  );
}

/** What keeps this from being the URL of a queue: a Redis, or a PostgreSQL database. */
export function queueUrlFault(value: string): string | undefined {
  const scheme = /^(rediss?|postgres(?:ql)?):\/\//i.exec(value.trim().replace(/^["']/, ""))?.[1];
  if (scheme === undefined)
    return "must be redis://host:6379, rediss://… or postgres://user@host:5432/database";
  if (!/^redis/i.test(scheme)) return databaseUrlFault(value);
  return (
    faultOfText(value) ??
    whereReadable(
      value,
      (url) =>
        parametersFault(url, REDIS_PARAMETERS) ??
        (url.hostname === "" ? "names no host" : portFault(url.port)) ??
        numberFault(url) ??
        tlsFault(url),
    )
  );
}

function faultOfText(value: string): string | undefined {
  if (/^["']|["']$/.test(value.trim())) return "is in quotes: leave them out";
  if (/^\s|\s$/.test(value)) return "begins or ends with a blank or a line break: take it away";
  if (/[\s\p{Cc}]/u.test(value)) return "holds a blank: write %20 for one that belongs there";
  if (/%(?![0-9a-f]{2})/i.test(value)) return `holds a % that encodes nothing: ${ENCODE}`;
  if (!decodes(value)) return `holds an encoding that is none of UTF-8: ${ENCODE}`;
  return undefined;
}

function decodes(value: string): boolean {
  try {
    return !/\p{Cc}/u.test(decodeURIComponent(value));
  } catch {
    return false;
  }
}

function whereReadable(value: string, fault: (url: URL) => string | undefined): string | undefined {
  const [authority = ""] = value.replace(/^\w+:\/\//, "").split(/[/?#]/);
  if (authority.slice(authority.lastIndexOf("@") + 1).includes(","))
    return "names several hosts: give one, which leads to the server that takes writes";
  if (/@(:\d*)?$/.test(authority)) return "names no host";
  if (!URL.canParse(value))
    return `is no URL: a port is a number up to 65535, and what is special must be encoded (${ENCODE})`;
  return value.includes("#") ? `holds a #: ${ENCODE}` : fault(new URL(value));
}

function parametersFault({ searchParams }: URL, known: readonly string[]): string | undefined {
  for (const name of searchParams.keys()) {
    if (searchParams.getAll(name).length > 1 && known.includes(name)) return `says ${name} twice`;
    if (known.includes(name) || WITHOUT_EFFECT.includes(name)) continue;
    if (name === "client_encoding")
      return "says client_encoding, which is always UTF8: LEGACY_ENCODING says in what a source really holds its text";
    const meant = closest(name, known);
    return meant === undefined
      ? `has a parameter behind its ? that is not understood here: there are ${known.join(", ")}`
      : `has an unknown parameter behind its ?: did you mean ${meant}?`;
  }
  return undefined;
}

/** Both are read from behind the ? too, and win there. */
function placeFault({ hostname, port, searchParams }: URL): string | undefined {
  if ((searchParams.get("host") ?? hostname) === "") return "names no host";
  return portFault(searchParams.get("port") ?? port);
}

function portFault(port: string): string | undefined {
  if (port === "6543")
    return "uses port 6543, Supabase's transaction mode: use the direct connection or session mode on port 5432";
  if (port !== "" && (!/^\d{1,5}$/.test(port) || Number(port) < 1 || Number(port) > 65_535))
    return "has a port that is no number from 1 to 65535";
  return undefined;
}

function nameFault({ pathname }: URL): string | undefined {
  const name = decodeURIComponent(pathname.slice(1));
  if (name === "") return "names no database: it ends with /database";
  if (name !== name.trim())
    return "names a database that begins or ends with a blank: take it away";
  return name.includes("/") ? "has more than one / before the name of its database" : undefined;
}

function numberFault({ pathname }: URL): string | undefined {
  const given = pathname.replace(/^\//, "");
  if (given === "" || (/^\d{1,10}$/.test(given) && Number(given) <= MOST_DATABASES))
    return undefined;
  return "names a database of Redis that is no number: it ends with /0, /1 …, or with the port";
}
