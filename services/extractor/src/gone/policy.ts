/** `GONE_POLICY`: what is said about rows that are gone from the source. */
import { type Entity, entities } from "@nexus/catalog";
import { assignments, ConfigurationError } from "@nexus/shared/config";
import type { Queryable } from "@nexus/shared/database";
import type { GonePolicy } from "@nexus/shared/tables";
import { markerOf } from "./marker.ts";
import type { GonePolicies } from "./recorded.ts";

/** Entities that are not named report. */
export const gonePolicyVariable = assignments<GonePolicy>(
  {
    names: entities.map(({ name }) => name),
    values: ["report", "archive", "delete"],
    alone: "report",
  },
  {
    meaning:
      "what becomes of rows of the target that are gone from the source: they are reported, or for some entities marked (archive) or removed (delete); a run keeps what it begins with",
    fallback: "report",
    danger:
      "delete removes rows that runs had inserted and that nothing refers to: up to 1 % of an entity in a run without asking",
  },
);

/** Throws `ConfigurationError` where the target has no place for a marker that is asked for. `target` has been reached. */
export async function preflightGonePolicy(
  target: Queryable,
  all: readonly Entity[],
  policies: GonePolicies,
): Promise<void> {
  for (const entity of all.filter(({ name }) => policies[name] === "archive"))
    if ((await markerOf(target, entity)) === undefined)
      throw new ConfigurationError(
        `GONE_POLICY: ${entity.name} cannot be archived, its table has no place for a marker: alter table public.${entity.target.table} add column archived_at timestamptz`,
      );
}
