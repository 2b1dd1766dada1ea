import type { z } from "zod";
import type { Codes } from "./codes.ts";
import type { Columns } from "./column.ts";
import type {
  Entity,
  EntityDefinition,
  Keyed,
  Link,
  Outcome,
  ParentLookup,
  SourceRow,
  Value,
} from "./entity.ts";
import { mappingOf, type Said } from "./mapping.ts";
import { RowParked, RowRejected, UnreadableRow } from "./row-errors.ts";
import { sourceKey } from "./source-key.ts";

/**
 * An entity as the services see it: `read` parses a row of its query (throws `UnreadableRow`), and what it returns
 * knows its links and maps itself to its outcome. The row type stays in here.
 */
export function defineEntity<Row extends Keyed, const C extends Columns, LinkName extends string>(
  definition: EntityDefinition<Row, C, LinkName>,
): Entity {
  const { name, parents, source, target, examples, row } = definition;
  return {
    name,
    parents,
    source,
    target: {
      ...target,
      alsoUnique: target.alsoUnique ?? [],
      archivedIn: target.archivedIn ?? null,
      origin: target.origin ?? null,
    },
    recognition: { keys: [], witnesses: [], sameParents: [], ...definition.recognition },
    content: definition.content ?? null,
    sharedWithoutPractice: definition.sharedWithoutPractice ?? false,
    followsCase: definition.followsCase ?? null,
    rowCostMs: definition.rowCostMs ?? null,
    examples,
    read(raw) {
      const parsed = row.safeParse(raw);
      if (!parsed.success) throw unreadable(name, raw, parsed.error);
      return sourceRow(definition, parsed.data);
    },
  };
}

function sourceRow<Row extends Keyed, C extends Columns, LinkName extends string>(
  definition: EntityDefinition<Row, C, LinkName>,
  row: Row,
): SourceRow {
  const links: Readonly<Record<string, Link | null>> = definition.links(row);
  return {
    legacyId: row.id,
    links: Object.values(links).filter((link) => link !== null),
    map(parents: ParentLookup, codes: Codes): Outcome {
      const said: Said = { notes: [], isProvisional: false };
      try {
        const mapping = mappingOf(
          { columns: definition.target.columns, links, parents, codes },
          said,
        );
        const mapped: Readonly<Record<string, Value>> = definition.map(row, mapping);
        const { notes, isProvisional } = said;
        const loaded: Outcome = { kind: "loaded", legacyId: row.id, row: mapped, notes };
        return isProvisional ? { ...loaded, isProvisional } : loaded;
      } catch (error) {
        return turnedAway(error, row.id);
      }
    },
  };
}

/** The outcome that a row error stands for. Anything else is a fault of ours and goes on. */
function turnedAway(error: unknown, legacyId: number): Outcome {
  if (error instanceof RowRejected)
    return { kind: "rejected", legacyId, reason: error.reason, column: error.column };
  if (error instanceof RowParked)
    return { kind: "parked", legacyId, entity: error.entity, missing: error.legacyId };
  throw error;
}

function unreadable(entity: string, raw: unknown, error: z.ZodError): UnreadableRow {
  const columns = new Set(error.issues.map((issue) => String(issue.path[0] ?? "row")));
  const id = typeof raw === "object" && raw !== null && "id" in raw ? raw.id : null;
  return new UnreadableRow(entity, sourceKey(id), [...columns]);
}
