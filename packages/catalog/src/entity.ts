/**
 * The contract of the catalog: what an entity says about itself, and nothing of how it is moved.
 * Adding an entity is one file in `entities/` and one line in `entities/index.ts`: docs/add-an-entity.md.
 */
import type { z } from "zod";
import type { Codes } from "./codes.ts";
import type { Column, Columns } from "./column.ts";
import type { Recognition } from "./recognition.ts";
import type { Needs, SourceShape } from "./source-shape.ts";

/** The JavaScript value of a column: numbers for integer, booleans, and text for everything else (bigint, dates and JSON too). */
type ValueOf<C extends Column> = C["type"] extends "integer"
  ? number
  : C["type"] extends "boolean"
    ? boolean
    : string;

/** Columns the loader fills by itself: the identity and the two instants (null = the time of first load). */
interface Managed {
  readonly created_at?: string | null;
  readonly updated_at?: string | null;
}

/** A row ready for the target: every mapped column, without `id`. */
type TargetRow<C extends Columns> = {
  readonly [K in Exclude<keyof C, "id" | "created_at" | "updated_at">]: C[K] extends
    | { required: true }
    | { filled: true }
    ? ValueOf<C[K]>
    : ValueOf<C[K]> | null;
} & Managed;

/** A reference of a source row to a parent: which entity, which source id, and whether the source itself still has it. */
export interface Link {
  readonly entity: string;
  readonly legacyId: number;
  readonly inSource: boolean;
}

/** A parent found in the target: its id, and those of its columns that the child asked for in `parents`. */
export interface Parent {
  readonly id: string;
  readonly [column: string]: string | null;
}

/** What `map` may ask and say while it maps one row. */
export interface Mapping<LinkName extends string = string> {
  readonly codes: Codes;
  /**
   * The parent behind a link. NULL in the source: null. Dangling in the source: null with note `<name>_dangling`
   * (or the row is rejected, where the column of that name is required). In the source, not in the target: the row is parked.
   * A link is looked up when it is asked for, and one that is never asked for never parks a row.
   */
  parent(name: LinkName): Parent | null;
  /** The id of that parent, for a link that is nothing more than a column. */
  parentId(name: LinkName): string | null;
  /** Notes a coded repair on this row. Never pass a value. */
  note(code: string, column: string): void;
  /** Trimmed text, '' becoming null, lone surrogates dropped with a note. */
  text(value: string | null | undefined, column: string): string | null;
  /** The e-mail rule: trimmed, lower-cased; malformed becomes null with a note. */
  email(value: string | null | undefined, column: string): string | null;
  /** A date of the wanted range, else null with a note. `birth`: not in the future either. */
  date(value: string | null | undefined, column: string, kind: "date" | "birth"): string | null;
  /** An instant as PostgreSQL wrote it (UTC, microseconds), else null with a note. */
  instant(value: string | null | undefined, column: string): string | null;
  /** A code of the source as a target label: see `codes.ts`. */
  code(map: keyof Codes["maps"], value: string | number | null | undefined, column: string): string;
}

/** One source row to one target row, as documentation and as a test. */
export interface Example {
  /** A sentence: what this example shows. */
  readonly shows: string;
  readonly shape: "real" | "reported";
  /** The row as the extraction SQL returns it. */
  readonly row: Readonly<Record<string, unknown>>;
  /** Parents that are in the target, as `entity:legacyId`. */
  readonly parents?: Readonly<Record<string, Parent>>;
  readonly expect:
    | { readonly loaded: Readonly<Record<string, unknown>>; readonly notes?: readonly string[] }
    | { readonly rejected: string }
    | { readonly parked: string };
}

/** The condition that an expression holds one of the keys that are being read. */
export type Within = (expression: string) => string;

/** What rows are read from: for each row of `from`, the key of the row that is read, and a text that changes with what is read of it. */
export interface VersionsOf {
  readonly key: string;
  readonly text: string;
  readonly from: string;
}

/** Every row of an extraction query carries the source key as `id`. */
export interface Keyed {
  readonly id: number;
}

/** What an entity file exports through `defineEntity`. */
export interface EntityDefinition<Row extends Keyed, C extends Columns, LinkName extends string> {
  readonly name: string;
  /** Parent entities, each with the columns of theirs that `map` reads beside `id`. */
  readonly parents: Readonly<Record<string, readonly string[]>>;
  readonly source: {
    /** The table whose rows are counted, ranged over and accounted for. */
    readonly table: string;
    /** Its primary key, an integer. */
    readonly key: string;
    /** The column of `table` that the target's legacy key is; `key`, if left out. */
    legacyId?(shape: SourceShape): string;
    /** The alias under which `query` selects from `table`. */
    readonly alias: string;
    /** Whether the target's legacy key is this key; it is, if left out. */
    keepsKey?(shape: SourceShape): boolean;
    /** The fields that the source must be able to fill, each with its clauses. */
    readonly needs: Needs;
    /**
     * The extraction query without its end: the key condition and `order by` are appended by `extractionSql`,
     * which first refuses a shape that lacks what is in `needs`. `within` gives the key condition for another
     * expression, so that what is joined is computed for the same keys. PostgreSQL 9.5 syntax, SELECT only.
     */
    query(shape: SourceShape, within: Within): string;
    /**
     * All that `query` reads, by the key of the row that it is read for: the first part is `table` itself. What it reads more than that only costs time;
     * what it leaves out makes deltas miss changes. For large entities: a delta then asks for the fingerprints of a few rows.
     */
    versions?(shape: SourceShape): readonly VersionsOf[];
  };
  readonly target: {
    readonly table: string;
    /** The legacy key: integer, unique, what upserts conflict on. */
    readonly key: Extract<keyof C, string>;
    readonly columns: C;
    /** A second unique key over several columns, whose holder is taken over when its own legacy id is gone from the source. */
    readonly alsoUnique?: readonly Extract<keyof C, string>[];
    /** A boolean column that becomes false where the row is gone from the source. */
    readonly inactiveWhenGone?: Extract<keyof C, string>;
    /** A jsonb column with the codes of the source in its member `legacy`: there a row is marked as archived, if the table has no column `archived_at`. */
    readonly archivedIn?: Extract<keyof C, string>;
    /** Where the legacy key need not be the source's own: SQL for the source row that a target row was made of, after the table's alias. */
    readonly origin?: string;
  };
  /** Without it, rows of others are known by a legacy key or by their id only. */
  readonly recognition?: Recognition<Extract<keyof C, string>>;
  /** The content type under which changed rows are offered to the embedder. */
  readonly content?: string;
  /** Rows without a practice, and what is made of them, are for every member of any practice. Otherwise nobody sees them. */
  readonly sharedWithoutPractice?: true;
  /** Whether a row's practice is always its case's. To be said by each entity with the columns `case_id` and `practice_id`. */
  readonly followsCase?: boolean;
  /**
   * Milliseconds that a row costs a loader, measured in a first run of the sample at scale 1 on two cores, one loader. Forecasts
   * weigh entities by it until rows of their own were timed; without it the entity is taken for an average one.
   */
  readonly rowCostMs?: number;
  /** Parses a row of `query`. */
  readonly row: z.ZodType<Row>;
  /** The links of a row; null where the source has none. Named as the target column; a link of another name is a mere hint. */
  links(row: Row): Readonly<Record<LinkName, Link | null>>;
  /** The mapping itself. Pure: the same row, parents and codes give the same result, on one day. */
  map(row: Row, to: Mapping<LinkName>): TargetRow<C>;
  readonly examples: readonly Example[];
}

/** A value as it goes to the target: numbers for integer, booleans, text for everything else. */
export type Value = string | number | boolean | null;

/** A coded, deterministic repair on a loaded row. Holds no value. */
export interface Note {
  readonly code: string;
  readonly column: string;
}

/** What becomes of one source row. Exactly one of these. */
export type Outcome =
  | {
      readonly kind: "loaded";
      readonly legacyId: number;
      readonly row: Readonly<Record<string, Value>>;
      readonly notes: readonly Note[];
      /** On a later day the same row is mapped to something else: a birth lies in the future today. */
      readonly isProvisional?: true;
    }
  | {
      readonly kind: "rejected";
      readonly legacyId: number;
      readonly reason: string;
      readonly column: string | null;
    }
  | {
      readonly kind: "parked";
      readonly legacyId: number;
      readonly entity: string;
      readonly missing: number;
    };

/** An outcome with a row for the target. */
export type LoadedRow = Extract<Outcome, { kind: "loaded" }>;

/** Finds a parent that is in the target. */
export type ParentLookup = (entity: string, legacyId: number) => Parent | undefined;

/** One legacy row, parsed, that knows how to become its outcome. */
export interface SourceRow {
  /** The source row's primary key: exceptions and notes speak of it. */
  readonly legacyId: number;
  /** Its links, to look up before `map`. */
  readonly links: readonly Link[];
  map(parents: ParentLookup, codes: Codes): Outcome;
}

/** An entity as the services see it: the row type is closed over. Made by `defineEntity`. */
export interface Entity {
  readonly name: string;
  readonly parents: Readonly<Record<string, readonly string[]>>;
  readonly source: EntityDefinition<Keyed, Columns, string>["source"];
  readonly target: {
    readonly table: string;
    readonly key: string;
    readonly columns: Columns;
    readonly alsoUnique: readonly string[];
    readonly inactiveWhenGone?: string;
    readonly archivedIn: string | null;
    readonly origin: string | null;
  };
  readonly recognition: Required<Omit<Recognition, "query">> & Pick<Recognition, "query">;
  readonly content: string | null;
  readonly sharedWithoutPractice: boolean;
  /** Null: the entity does not say. */
  readonly followsCase: boolean | null;
  /** Null: it was never measured. */
  readonly rowCostMs: number | null;
  readonly examples: readonly Example[];
  /** Parses a row of the extraction query. Throws `UnreadableRow` (entity, key, columns; no values). */
  read(raw: unknown): SourceRow;
}
