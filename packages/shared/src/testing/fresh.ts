import { postgresAt, type PostgresServer } from "./postgres-server.ts";
import { type RedisServer, redisAt } from "./redis-server.ts";
import { remark, testRun } from "./test-run.ts";

/** What a test or a `beforeEach` is given by vitest, as far as it is needed here. */
export interface TestContext {
  skip(reason: string): never;
  onTestFailed(then: () => void | Promise<void>): void;
  onTestFinished(
    then: (context: { task: { result?: { state: string } | undefined } }) => void | Promise<void>,
  ): void;
}

/** Builds the content of a database once per run; tests get copies. */
export interface Template {
  /** Lower-case letters, digits and `_`. */
  readonly name: string;
  build(url: string): Promise<void>;
}

/** The servers of a run stay the same: each process asks once for their versions, and once for each template. */
let postgresOfTheRun: Promise<PostgresServer> | undefined;
let redisOfTheRun: Promise<RedisServer> | undefined;
const templates = new Map<string, Promise<string>>();

async function built(server: PostgresServer, name: string, { build }: Template): Promise<string> {
  const known = templates.get(name) ?? server.template(name, build);
  templates.set(name, known);
  known.catch(() => templates.delete(name)); // The next test builds it anew.
  return await known;
}

/**
 * The URL of a database of this test alone, on the run's PostgreSQL; a copy of `template` if one is given.
 * It is dropped when the test has passed, and kept and named at the end of the run when it has failed.
 * Skips the test where this run has no PostgreSQL.
 */
export async function freshDatabase(context: TestContext, template?: Template): Promise<string> {
  const url = testRun.postgresUrl() ?? context.skip("this run has no PostgreSQL");
  const server = await (postgresOfTheRun ??= postgresAt(url));
  remark("stack used", `servers: PostgreSQL ${server.version}`);
  const prefix = testRun.prefix();
  const database = template
    ? await server.database(prefix, {
        template: await built(server, `${prefix}_template_${template.name}`, template),
      })
    : await server.database(prefix);
  context.onTestFinished(async ({ task }) => {
    if (task.result?.state === "fail") remark("database kept", database);
    else await server.drop(database);
  });
  return database;
}

/** The URL of an empty Redis database of this test alone, emptied after it. Skips the test where this run has no Redis. */
export async function freshRedis(context: TestContext): Promise<string> {
  const url = testRun.redisUrl() ?? context.skip("this run has no Redis");
  const server = await (redisOfTheRun ??= redisAt(url));
  remark("stack used", `servers: Redis ${server.version}`);
  const database = await server.database();
  context.onTestFinished(() => server.clear(database));
  return database;
}

/** Skips the test where the servers of this run cannot hold vectors. */
export function needsVectors(context: Pick<TestContext, "skip">): void {
  const reason = testRun.withoutVectors();
  if (reason !== undefined) context.skip(reason);
}
