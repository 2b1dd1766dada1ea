import { describe, expect, it } from "vitest";
import { entities } from "./entities/index.ts";
import { extractionSql } from "./extraction.ts";
import { realShape, reportedShape, shapeOf } from "./known-shapes.ts";
import { missingInSource, MissingInSource } from "./missing-in-source.ts";
import { isInteger, isText } from "./source-shape.ts";

describe("a source shape", () => {
  it("knows tables, columns and types", () => {
    expect(realShape.has("dispatch_plan")).toBe(true);
    expect(realShape.has("dispatch_plan", "original")).toBe(true);
    expect(reportedShape.has("dispatch_plan")).toBe(false);
    expect(reportedShape.has("dispatch_plan", "original")).toBe(false);
    expect(realShape.type("dispatch_project", "size")).toBe("bigint");
    expect(reportedShape.type("dispatch_plan", "original")).toBeUndefined();
  });

  it("tells text and integers however their types are written", () => {
    const shape = shapeOf({
      t: "a text, b varchar(254), c integer, d int4, e uuid, f boolean, g bigint",
    });
    expect(["a", "b", "c", "e", "f", "z"].map((column) => isText(shape, "t", column))).toEqual([
      true,
      true,
      false,
      false,
      false,
      false,
    ]);
    expect(["c", "d", "e", "g", "z"].map((column) => isInteger(shape, "t", column))).toEqual([
      true,
      true,
      false,
      false,
      false,
    ]);
  });
});

describe("missingInSource", () => {
  it("finds nothing missing in either known shape", () => {
    expect(missingInSource(entities, realShape)).toEqual([]);
    expect(missingInSource(entities, reportedShape)).toEqual([]);
  });

  it("lists everything that is missing, with every clause that was looked for", () => {
    const missing = missingInSource(
      entities,
      shapeOf({ dispatch_office: "id int, name text, address text" }),
    );
    const fields = missing.map((one) => `${one.entity}.${one.field}`);
    expect(fields).toContain("practices.phone");
    expect(fields).toContain("cases.patient_id");
    expect(
      missing.find((one) => one.entity === "patients" && one.field === "date_of_birth")?.lookedFor,
    ).toEqual(["dispatch_patient.date_of_birth", "dispatch_patient.birthdate"]);
    expect(missing[0]?.message).toBe(
      "practices.phone cannot be read from the source: looked for dispatch_office.phone",
    );
  });

  it("stops the extraction of an entity that lacks something", () => {
    const [practices] = entities;
    const shape = shapeOf({ dispatch_office: "id int" });
    expect(practices && (() => extractionSql(practices, shape, "range"))).toThrow(MissingInSource);
  });
});
