/** How libpq is told of a server: by its environment, which no list of processes shows, and not by arguments. */
import { encryptionOf } from "@nexus/shared/config";

/** What a child needs of ours to run at all. */
const KEPT = ["PATH", "HOME", "TMPDIR", "SSL_CERT_FILE", "SSL_CERT_DIR"];

/** The environment of pg_dump for a database: nothing else of ours, and no words but English ones, which are read. */
export function libpqEnvironment(databaseUrl: string): Record<string, string> {
  const url = new URL(databaseUrl);
  const given = (name: string): string | undefined => url.searchParams.get(name) ?? undefined;
  const host = given("host") ?? decodeURIComponent(url.hostname).replace(/^\[(.*)\]$/, "$1");
  return present({
    ...Object.fromEntries(KEPT.map((name) => [name, process.env[name]])),
    LC_ALL: "C",
    PGHOST: host,
    PGPORT: given("port") ?? url.port,
    PGUSER: decodeURIComponent(url.username),
    PGPASSWORD: decodeURIComponent(url.password),
    PGDATABASE: decodeURIComponent(url.pathname.slice(1)),
    PGOPTIONS: given("options"),
    PGSSLMODE: encryptionOf(url).mode,
    PGSSLROOTCERT: given("sslrootcert"),
    PGSSLCERT: given("sslcert"),
    PGSSLKEY: given("sslkey"),
    PGAPPNAME: "nexus-backup",
    PGCONNECT_TIMEOUT: "10",
  });
}

function present(variables: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const found: Record<string, string> = {};
  for (const [name, value] of Object.entries(variables))
    if (value !== undefined && value !== "") found[name] = value;
  return found;
}
