/** What documents are made of: headings, paragraphs, lists, statements and tables. Markdown and HTML are made of them. */

interface Column {
  readonly title: string;
  readonly numeric: boolean;
}

export type Block =
  | { readonly kind: "heading"; readonly text: string }
  | { readonly kind: "paragraph"; readonly text: string }
  | { readonly kind: "list"; readonly items: readonly string[] }
  | { readonly kind: "code"; readonly text: string }
  | {
      readonly kind: "table";
      readonly columns: readonly Column[];
      readonly rows: readonly (readonly string[])[];
    };

export interface Document {
  readonly title: string;
  readonly blocks: readonly Block[];
}

/** A table under its heading; nothing without rows. Titles are parted by commas; `#` marks a column of numbers. */
export function section(
  title: string,
  columns: string,
  rows: readonly (readonly string[])[],
): Block[] {
  return rows.length === 0 ? [] : [heading(title), table(columns, rows)];
}

/** A table. Titles as in `section`. */
export function table(columns: string, rows: readonly (readonly string[])[]): Block {
  const titles = columns
    .split(", ")
    .map((title) => ({ title: title.replace(" #", ""), numeric: title.endsWith(" #") }));
  return { kind: "table", columns: titles, rows };
}

/** A heading. */
export function heading(text: string): Block {
  return { kind: "heading", text };
}

/** A paragraph. */
export function paragraph(text: string): Block {
  return { kind: "paragraph", text };
}

/** A list of sentences. */
export function list(items: readonly string[]): Block {
  return { kind: "list", items };
}
