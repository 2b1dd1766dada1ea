import { describe, expect, it } from "vitest";
import { entities } from "./entities/index.ts";
import { extractionSql } from "./extraction.ts";
import { mixedShape, realShape, reportedShape } from "./known-shapes.ts";

/** What PostgreSQL 9.5 lacks and one writes without thinking. The source is that old. */
const NEWER: Readonly<Record<string, RegExp>> = {
  "functions of 9.6 and 10":
    /\b(?:num_nulls|num_nonnulls|parse_ident|pg_blocking_pids|regexp_match|xmltable|txid_status|jsonb_insert)\s*\(/,
  "functions of 11 to 13":
    /\b(?:sha224|sha256|sha384|sha512|hashtextextended|hash_array_extended|jsonb_set_lax|gen_random_uuid|jsonb_path_\w+|gcd|lcm|min_scale|trim_scale|normalize)\s*\(/,
  "functions of 14 to 18":
    /\b(?:string_to_table|date_bin|bit_count|trim_array|unistr|regexp_(?:count|instr|like|substr)|any_value|array_shuffle|array_sample|array_sort|array_reverse|json_(?:exists|query|value|table|scalar|serialize|array|object|arrayagg|objectagg)|uuidv7|uuidv4|casefold|random_normal|to_bin|to_oct)\s*\(/,
  "json path and subscripts": /\bjsonpath\b|@\?|@@|\]\s*\[|\bis json\b/,
  "types after 9.5": /\b(?:xid8|jsonpath|macaddr8|\w*multirange)\b/,
  "materialized and search clauses of with":
    /\bas (?:not )?materialized\b|\bsearch (?:depth|breadth) first\b/,
  "fetch with ties": /\bwith ties\b/,
  "exclude and groups frames": /\bgroups between\b|\bexclude (?:current row|ties|group)\b/,
  "identity and generated columns": /\bgenerated\b|\bidentity\b/,
  "procedures and merge": /\bcall\b|\bmerge\b/,
  "ordinary writes and locks":
    /\b(?:insert|update|delete|truncate|create|alter|drop|for share|for no key|lock|copy|do)\b/,
  "underscores and other bases in numbers": /\b\d+_\d+\b|\b0[xob]\d/,
  "jit and other settings": /\bset\b/,
};

const RESERVED: ReadonlySet<string> = new Set(
  "all analyse analyze and any array as asc both case cast check collate column constraint create default desc distinct do else end except false fetch for foreign from grant group having in initially intersect into lateral leading limit not null offset on only or order placing primary references returning select some table then to trailing true union unique user using variadic when where window with".split(
    " ",
  ),
);

const statements = entities.flatMap((entity) =>
  (["range", "keys"] as const).flatMap((by) => [
    [`${entity.name}, real, by ${by}`, extractionSql(entity, realShape, by)] as const,
    [`${entity.name}, reported, by ${by}`, extractionSql(entity, reportedShape, by)] as const,
    [`${entity.name}, mixed, by ${by}`, extractionSql(entity, mixedShape, by)] as const,
  ]),
);

describe.each(statements)("the extraction of %s", (_, sql) => {
  it("uses nothing that PostgreSQL 9.5 lacks", () => {
    for (const [what, pattern] of Object.entries(NEWER)) expect(sql, what).not.toMatch(pattern);
  });

  it("is lower case and quotes nothing but reserved words", () => {
    expect(sql).toBe(sql.toLowerCase());
    const quoted = Array.from(sql.matchAll(/"([^"]*)"/g), ([, name]) => name);
    expect(quoted.filter((name) => name !== "on" && name !== "order")).toEqual([]);
  });

  it("reads no column `on` or `order` without quotes", () => {
    expect(sql).not.toMatch(/\.(?:on|order)\b/);
  });

  it("is one SELECT in the order of the source key", () => {
    expect(sql).toMatch(/^select /);
    expect(sql).not.toContain(";");
    expect(sql).toMatch(/\norder by [a-z]\.id$/);
  });

  it("names nothing by a word that SQL keeps for itself", () => {
    const aliases = Array.from(
      sql.matchAll(/\) (?:as )?(\w+) on\b|\) as (\w+)/g),
      ([, joined, named]) => joined ?? named,
    );
    for (const alias of aliases) expect(RESERVED.has(alias ?? "")).toBe(false);
  });

  it("windows over nothing", () => {
    expect(sql).not.toMatch(/\bover\s*\(/);
  });
});
