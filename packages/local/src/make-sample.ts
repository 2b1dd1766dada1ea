/** The sample legacy database as a process that ends: `USAGE` says how. Where the database has tables already, it says so and changes nothing. */
import { parseArgs } from "node:util";
import { databaseUrl, parseConfig } from "@nexus/shared/config";
import { withPool } from "@nexus/shared/database";
import { makeSample } from "./sample/index.ts";
import { sampleSize, SIZE_OPTIONS, type SampleSize } from "./sample/sample-size.ts";

const USAGE = `usage: LEGACY_URL=postgres://… node packages/local/dist/make-sample.js [--scale 0.1] [--shape real|reported] [--seed 1]

  makes a sample legacy database in the empty one that LEGACY_URL names; one that has tables is left alone
  --scale    how much of the real size (1 = 90,039 source rows)
  --shape    the schema believed to be real, or the one that the stakeholder report describes
  --seed     another seed is another sample`;

const variables = { LEGACY_URL: databaseUrl({ meaning: "the database to make the sample in" }) };

const asked = askedOrExit();
process.stdout.write(
  asked === "help" ? `${USAGE}\n` : `${JSON.stringify(await sampleIn(asked.url, asked.size))}\n`,
);

function askedOrExit(): { readonly url: string; readonly size: SampleSize } | "help" {
  try {
    const { values } = parseArgs({
      options: { ...SIZE_OPTIONS, help: { type: "boolean", default: false } },
    });
    if (values.help) return "help";
    const size = sampleSize(values);
    return { size, url: parseConfig(variables, process.env).LEGACY_URL };
  } catch (error) {
    const says = error instanceof Error ? error.message : "unusable options";
    process.stderr.write(`make-sample: ${says}\n`);
    return process.exit(2);
  }
}

async function sampleIn(url: string, size: SampleSize): Promise<unknown> {
  const { rows } = await withPool({ url, max: 1, name: "nexus-sample" }, (legacy) =>
    legacy.query<{ tables: number }>(
      `select count(*)::int as tables from pg_tables where schemaname not in ('pg_catalog', 'information_schema')`,
    ),
  );
  if (rows[0]?.tables !== 0) return { unchanged: "the database has tables already" };
  return await makeSample({ url, ...size });
}
