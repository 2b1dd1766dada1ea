import { z } from "zod";
import { defineEntity } from "../define-entity.ts";
import { lines, list, present } from "../legacy-sql.ts";
import { id, optionalFlag, optionalText, text } from "../row-fields.ts";
import { isText } from "../source-shape.ts";
import { practiceExamples } from "./practices.examples.ts";

/** Dental offices. All are loaded, those that are no longer valid too. */
export const practices = defineEntity({
  name: "practices",
  parents: {},
  source: {
    table: "dispatch_office",
    key: "id",
    alias: "o",
    needs: {
      legacy_id: [["dispatch_office.id"]],
      name: [["dispatch_office.name"]],
      address: [["dispatch_office.address"]],
      phone: [["dispatch_office.phone"]],
    },
    query: (shape) =>
      lines(
        `select ${list(
          "o.id, o.name, o.address, o.phone",
          present(shape, "dispatch_office", "o", [
            "apt",
            "city",
            "state",
            "zip",
            "country",
            "valid",
            "created_at",
            "updated_at",
          ]),
          isText(shape, "dispatch_office", "email") && "o.email",
        )}`,
        "from dispatch_office o",
      ),
  },
  target: {
    table: "practices",
    key: "legacy_id",
    columns: {
      legacy_id: { type: "integer", filled: true, unique: true },
      name: { type: "text", required: true },
      address: { type: "text" },
      phone: { type: "text" },
      email: { type: "text" },
      is_active: { type: "boolean", required: true, default: "true" },
      created_at: { type: "timestamptz", required: true, default: "now()" },
      updated_at: { type: "timestamptz", required: true, default: "now()" },
    },
  },
  recognition: { keys: [["name", "address"]] },
  rowCostMs: 0.35,
  row: z.object({
    id,
    name: text,
    address: text,
    phone: text,
    apt: optionalText,
    city: optionalText,
    state: optionalText,
    zip: optionalText,
    country: optionalText,
    email: optionalText,
    valid: optionalFlag,
    created_at: optionalText,
    updated_at: optionalText,
  }),
  links: () => ({}),
  map(row, to) {
    const name = to.text(row.name, "name");
    if (name === null) to.note("name_missing", "name");
    const part = (value: string | null | undefined) => to.text(value, "address");
    const stateAndZip = joined(" ", part(row.state), part(row.zip));
    const created_at = to.instant(row.created_at, "created_at");
    return {
      legacy_id: row.id,
      name: name ?? `Practice ${row.id}`,
      address: joined(
        ", ",
        part(row.address),
        part(row.apt),
        part(row.city),
        stateAndZip,
        part(row.country),
      ),
      phone: to.text(row.phone, "phone"),
      email: to.email(row.email, "email"),
      is_active: row.valid ?? true,
      created_at,
      updated_at: to.instant(row.updated_at, "updated_at") ?? created_at,
    };
  },
  examples: practiceExamples,
});

function joined(separator: string, ...parts: readonly (string | null)[]): string | null {
  const kept = parts.filter((part) => part !== null);
  return kept.length === 0 ? null : kept.join(separator);
}
