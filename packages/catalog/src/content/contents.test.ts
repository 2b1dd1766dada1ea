import { entities } from "../entities/index.ts";
import { describe, expect, it } from "vitest";
import { contentOf } from "./contents.ts";

const contents = contentOf(entities);

/** Columns that are not given are null. */
function compose(contentType: string, row: Readonly<Record<string, string>>): string {
  const content = contents.get(contentType);
  if (content === undefined) throw new Error(`no composer for ${contentType}`);
  return content.compose({
    ...Object.fromEntries(content.columns.map((column) => [column, null])),
    ...row,
  });
}

describe("what is composed", () => {
  it("of a case is its title, type, state and clinical texts", () => {
    const metadata = JSON.stringify({
      legacy: { uid: 52, type: 3 },
      clinical: { notes: "keep 13\r\n  and 14", objective: "close the gap" },
    });
    const row = {
      title: "Upper arch",
      case_type: "follow_up",
      current_state: "in_production",
      metadata,
    };
    expect(compose("case", row)).toBe(
      "Case: Upper arch\nType: follow up\nState: in production\nObjective: close the gap\nNotes: keep 13\nand 14",
    );
  });

  it.each(["Case 52", "CASE-000052", "4711", " 12-3 ", "5f0c1c1e-0000-4000-8000-000000000052"])(
    "is not a name that says nothing: %s",
    (title) => {
      expect(compose("case", { title, case_type: "refinement" })).toBe("Type: refinement");
      expect(compose("project", { name: title.replace(/case/i, "Project"), status: "draft" })).toBe(
        "Status: draft",
      );
    },
  );

  it("of a patient is the medical history, without what tells who it is", () => {
    const medical_history = JSON.stringify({
      legacy: { sex: 1, suffix: "Jr.", submitted_at: "2019-05-01" },
      schemes: {
        upper: { stages: 12, note: "crowded" },
        teeth: [11, 12],
        contact: { first: "Hana" },
        dateOfBirth: "1987-05-01",
        patient_name: "Hana",
        doctor: { email: "h@x.test" },
        remark: "call +81 90 1234 5678 or write to h@x.test, teeth 11 12 13 14",
      },
    });
    expect(compose("patient", { medical_history })).toBe(
      "schemes upper stages: 12\nschemes upper note: crowded\nschemes teeth: 11, 12\nschemes remark: call or write to , teeth 11 12 13 14",
    );
  });

  it("of a patient without medical history is nothing", () => {
    expect(compose("patient", { medical_history: `{"legacy":{"sex":1}}` })).toBe("");
    expect(compose("patient", {})).toBe("");
    expect(compose("patient", { medical_history: `"text"` })).toBe("");
  });

  it("of a case state is from where to where, and why", () => {
    const row = { from_state: "in_production", to_state: "on_hold", reason: "legacy status 11 on" };
    expect(compose("case_state", row)).toBe(
      "From: in production\nTo: on hold\nReason: legacy status 11 on",
    );
  });

  it("of a workflow template is its name and the words of its steps", () => {
    const steps = `[{"action":"Check","function":4,"status":2,"duration":30,"category":"Scans","predecessors":[2,4]}]`;
    expect(compose("workflow_template", { name: "Check the scan", steps })).toBe(
      "Workflow: Check the scan\nStep: Check, Scans",
    );
    expect(compose("workflow_template", { name: "Template 5", steps: "[{}]" })).toBe("");
  });
});

describe("the composers", () => {
  it("cover every content type of the catalog, or the service does not start and says what to add", () => {
    expect([...contents.keys()].sort()).toEqual([
      "case",
      "case_state",
      "patient",
      "project",
      "workflow_template",
    ]);
    expect(() => contentOf(entities, [])).toThrow(
      /cases has the content type case: add content\/case\.ts/,
    );
  });
});
