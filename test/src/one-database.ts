/** Legacy and target in one database: a comparison in SQL needs it. */
import type { PrivatePostgres, Stack } from "@nexus/shared/testing";

/** The source lies in schema `legacy` of a new database of the server. */
export function oneDatabase(server: PrivatePostgres, queueUrl: string): Stack {
  return {
    name: "servers",
    start: async () => {
      const url = await server.database("both");
      return {
        madeOf: `PostgreSQL ${server.version}`,
        legacyUrl: `${url}?options=-c%20search_path%3Dlegacy`,
        targetUrl: url,
        queueUrl,
        database: server,
        queue: undefined,
        stop: () => Promise.resolve(),
      };
    },
  };
}
