import { randomBytes } from "node:crypto";
import { Client, escapeIdentifier } from "pg";

/** A PostgreSQL that tests may fill with databases of their own. */
export interface PostgresServer {
  /** Of the maintenance database, as superuser. */
  readonly url: string;
  /** Like `15.13`. */
  readonly version: string;
  /**
   * Creates a database named after `label` and a random end, and returns its URL.
   *
   * @param from `template`: the URL of another database here, to be copied; it must have no open connections
   */
  database(label: string, from?: { readonly template: string }): Promise<string>;
  /** Drops a database by its URL, ending the connections to it. */
  drop(url: string): Promise<void>;
  /** The URL of the database called `name`, built by `build` if it is not there yet. Safe to call from many processes at once. */
  template(name: string, build: (url: string) => Promise<void>): Promise<string>;
  /** The version of pgvector that can be created here; undefined without. */
  pgvector(): Promise<string | undefined>;
  /** Drops the databases whose names begin so. */
  dropAll(prefix: string): Promise<void>;
}

/**
 * The server behind `url`, asked for its version. Keeps no connection.
 *
 * @throws what node-postgres throws, where it cannot be reached within 30 s
 */
export async function postgresAt(url: string): Promise<PostgresServer> {
  return {
    url,
    version: await withClient(url, serverVersion),
    database: (label, from) => createDatabase(url, label, from?.template),
    drop: (database) =>
      withClient(url, async (client) => await dropDatabase(client, nameOf(database))),
    template: (name, build) => ensureTemplate(url, name, build),
    pgvector: () => withClient(url, pgvector),
    dropAll: (prefix) => withClient(url, async (client) => await dropAll(client, prefix)),
  };
}

/** Debian appends its package's version; the first word is PostgreSQL's. */
async function serverVersion(client: Client): Promise<string> {
  const { rows } = await client.query<{ version: string }>(
    "select current_setting('server_version') as version",
  );
  return rows[0]?.version.split(" ")[0] ?? "unknown";
}

async function pgvector(client: Client): Promise<string | undefined> {
  const { rows } = await client.query<{ version: string }>(
    "select default_version as version from pg_available_extensions where name = 'vector'",
  );
  return rows[0]?.version;
}

async function createDatabase(url: string, label: string, template?: string): Promise<string> {
  const name = `${label
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "_")
    .slice(0, 40)}_${randomBytes(4).toString("hex")}`;
  await withClient(url, async (client) => {
    const copied = template === undefined ? "" : await copyOf(client, template);
    await client.query(`create database ${escapeIdentifier(name)}${copied}`);
  });
  return urlOf(url, name);
}

/** Where nothing is synced, copying files takes half the processor time of writing them to the log (0.05 instead of 0.11 s, measured). */
async function copyOf(client: Client, template: string): Promise<string> {
  const { rows } = await client.query<{ cheap: boolean }>(
    "select current_setting('fsync') = 'off' and current_setting('server_version_num')::int >= 150000 as cheap",
  );
  return ` template ${escapeIdentifier(nameOf(template))}${rows[0]?.cheap ? " strategy file_copy" : ""}`;
}

async function dropDatabase(client: Client, name: string): Promise<void> {
  await client.query(`drop database if exists ${escapeIdentifier(name)} with (force)`);
}

async function dropAll(client: Client, prefix: string): Promise<void> {
  const sql = "select datname as name from pg_database where starts_with(datname::text, $1)";
  const { rows } = await client.query<{ name: string }>(sql, [prefix]);
  for (const { name } of rows) await dropDatabase(client, name);
}

/** A half-built template is dropped again, so that the next caller builds it anew. */
async function ensureTemplate(
  url: string,
  name: string,
  build: (url: string) => Promise<void>,
): Promise<string> {
  await withClient(url, async (client) => {
    await client.query("select pg_advisory_lock(hashtext($1))", [name]);
    const { rowCount } = await client.query("select from pg_database where datname = $1", [name]);
    if (rowCount) return;
    await client.query(`create database ${escapeIdentifier(name)}`);
    try {
      await build(urlOf(url, name));
    } catch (cause) {
      await dropDatabase(client, name);
      throw cause;
    }
  });
  return urlOf(url, name);
}

async function withClient<T>(url: string, use: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 30_000 });
  client.on("error", () => undefined); // A server that is killed meanwhile; the query fails too, and that is what is reported.
  try {
    await client.connect();
    return await use(client);
  } finally {
    await client.end().catch(() => undefined);
  }
}

function urlOf(server: string, name: string): string {
  const url = new URL(server);
  url.pathname = `/${name}`;
  return url.href;
}

function nameOf(database: string): string {
  return new URL(database).pathname.slice(1);
}
