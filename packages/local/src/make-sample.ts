/**
 * The sample legacy database as a process that ends:
 *
 *     LEGACY_URL=postgres://… node dist/make-sample.js [--scale 0.1] [--seed 1] [--shape real|reported]
 *
 * Where the legacy tables are there already, it says so and changes nothing.
 */
import { parseArgs } from "node:util";
import { databaseUrl, parseConfig } from "@nexus/shared/config";
import { withPool } from "@nexus/shared/database";
import { z } from "zod";
import { makeSample } from "./sample/index.ts";

const variables = { LEGACY_URL: databaseUrl({ meaning: "the database to make the sample in" }) };
const size = z.object({
  scale: z.coerce.number().positive(),
  seed: z.coerce.number().int(),
  shape: z.enum(["real", "reported"]),
});

const { values } = parseArgs({
  options: {
    scale: { type: "string", default: "0.1" },
    seed: { type: "string", default: "1" },
    shape: { type: "string", default: "real" },
  },
});
const { LEGACY_URL: url } = parseConfig(variables, process.env);
const { rows } = await withPool({ url, max: 1, name: "nexus-sample" }, (legacy) =>
  legacy.query<{ tables: number }>(
    `select count(*)::int as tables from pg_tables where schemaname not in ('pg_catalog', 'information_schema')`,
  ),
);
const made = rows[0]?.tables === 0 ? await makeSample({ url, ...size.parse(values) }) : undefined;
process.stdout.write(
  `${JSON.stringify(made ?? { unchanged: "the database has tables already" })}\n`,
);
