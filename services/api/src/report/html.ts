/** The report as one page of HTML: no script, nothing loaded, ready to print on A4. */
import type { Block, Document } from "./blocks.ts";

const STYLE = `
@page { size: A4 landscape; margin: 15mm; }
body { font: 15px/1.5 system-ui, sans-serif; color: #1a1a1a; max-width: 75rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.15rem; margin-top: 2rem; break-after: avoid; }
table { border-collapse: collapse; width: 100%; font-size: 0.85rem; }
thead { display: table-header-group; } tr { break-inside: avoid; }
th, td { text-align: left; vertical-align: top; padding: 0.3rem 0.6rem; border-bottom: 1px solid #ccc; }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
pre { font-size: 0.75rem; white-space: pre-wrap; overflow-wrap: anywhere; margin: 0.3rem 0 1rem; }
td { overflow-wrap: anywhere; }
@media print { body { font-size: 9pt; margin: 0; padding: 0; max-width: none; } }
`;

/** Every text is escaped: none of it is markup. */
export function toHtml({ title, blocks }: Document): string {
  return [
    `<!doctype html>`,
    `<html lang="en">`,
    `<head><meta charset="utf-8"><meta name="viewport" content="width=device-width">`,
    `<title>${escaped(title)}</title><style>${STYLE}</style></head>`,
    `<body>`,
    `<h1>${escaped(title)}</h1>`,
    ...blocks.map(blockOf),
    `</body>`,
    `</html>`,
    ``,
  ].join("\n");
}

function blockOf(block: Block): string {
  if (block.kind === "table") return tableOf(block);
  if (block.kind === "list")
    return `<ul>${block.items.map((item) => `<li>${escaped(item)}</li>`).join("")}</ul>`;
  if (block.kind === "code") return `<pre>${escaped(block.text)}</pre>`;
  const tag = block.kind === "heading" ? "h2" : "p";
  return `<${tag}>${escaped(block.text)}</${tag}>`;
}

function tableOf({ columns, rows }: Extract<Block, { kind: "table" }>): string {
  const kinds = columns.map(({ numeric }) => (numeric ? ` class="number"` : ""));
  const heads = columns.map(
    ({ title }, at) => `<th scope="col"${kinds[at] ?? ""}>${escaped(title)}</th>`,
  );
  const line = (cells: readonly string[]): string =>
    `<tr>${cells.map((cell, at) => `<td${kinds[at] ?? ""}>${escaped(cell)}</td>`).join("")}</tr>`;
  return [
    `<table><thead><tr>${heads.join("")}</tr></thead>`,
    `<tbody>`,
    ...rows.map(line),
    `</tbody></table>`,
  ].join("\n");
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

function escaped(text: string): string {
  return text.replaceAll(/[&<>"']/g, (mark) => ENTITIES[mark] ?? "");
}
