import { describe, expect, it } from "vitest";
import { entityNamed } from "./catalog.ts";
import { entities } from "./entities/index.ts";
import { extractionSql, tablesRead } from "./extraction.ts";
import { mixedShape, realShape, reportedShape, shapeOf } from "./known-shapes.ts";

const named = (name: string) => entityNamed(entities, name);

describe("extractionSql", () => {
  it("reads a range, open below and closed above, in key order", () => {
    expect(extractionSql(named("practices"), reportedShape, "range")).toBe(
      [
        "select o.id, o.name, o.address, o.phone, o.created_at, o.updated_at, o.email",
        "from dispatch_office o",
        "where o.id > $1::bigint and o.id <= $2::bigint",
        "order by o.id",
      ].join("\n"),
    );
  });

  it("reads single keys in key order", () => {
    expect(extractionSql(named("practices"), realShape, "keys")).toMatch(
      /\nwhere o\.id = any\(\$1::bigint\[\]\)\norder by o\.id$/,
    );
  });

  it("takes no e-mail address from a column that is a switch", () => {
    const shape = shapeOf({
      dispatch_office: "id int, name text, address text, phone text, email bool",
    });
    expect(extractionSql(named("practices"), shape, "range")).not.toContain("email");
  });

  it("computes the chains of the keys that are read, and of no others", () => {
    const sql = extractionSql(named("cases"), realShape, "keys");
    expect(sql.match(/pl\.project_id = any\(\$1::bigint\[\]\)/g)).toHaveLength(2);
  });

  it("prefers a direct link and keeps the chain for rows that have none", () => {
    expect(extractionSql(named("cases"), mixedShape, "range")).toContain(
      "coalesce(j.patient_id, chain.patient_id)",
    );
    expect(extractionSql(named("patients"), mixedShape, "range")).toContain("union all");
  });
});

describe("tablesRead", () => {
  it("names the tables of the query, and nothing else that it names", () => {
    expect(tablesRead(named("cases"), realShape)).toEqual([
      "auth_user",
      "dispatch_course",
      "dispatch_instruction",
      "dispatch_patient",
      "dispatch_plan",
      "dispatch_project",
    ]);
    expect(tablesRead(named("case_states"), reportedShape)).toEqual([
      "auth_user",
      "dispatch_project",
      "dispatch_state",
    ]);
  });
});
