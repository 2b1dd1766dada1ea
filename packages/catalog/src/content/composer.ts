/** What of a content row is put into words. One file per content type; a row's own columns are all that it may look at. */
import { z } from "zod";

export interface Composer {
  readonly contentType: string;
  /** Columns of the row that `compose` reads. */
  readonly columns: readonly string[];
  /** The text to embed, or `''` for a row that has nothing to say. Equal content gives equal text. Throws ZodError on a row of another shape. */
  compose(row: unknown): string;
}

/** Defines a composer: the columns it reads, and the lines it makes of them. Lines that are null are left out. */
export function defineComposer<S extends z.ZodRawShape>(
  contentType: string,
  columns: S,
  linesOf: (row: z.infer<z.ZodObject<S>>) => readonly (string | null)[],
): Composer {
  const shape = z.object(columns);
  return {
    contentType,
    columns: Object.keys(columns),
    compose: (row) =>
      linesOf(shape.parse(row))
        .filter((line) => line !== null)
        .join("\n"),
  };
}

/** A column of text, an enum too; it may be null. */
export const text = z.string().nullable();

/** A column of JSON, which arrives as text. */
export const json = z
  .string()
  .nullable()
  .transform((value): unknown => (value === null ? null : JSON.parse(value)));
