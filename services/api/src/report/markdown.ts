/** The report as Markdown (GitHub's, for its tables). */
import type { Block, Document } from "./blocks.ts";

/** Every text is escaped: none of it is markup. */
export function toMarkdown({ title, blocks }: Document): string {
  return `${[`# ${escaped(title)}`, ...blocks.map(blockOf)].join("\n\n")}\n`;
}

function blockOf(block: Block): string {
  if (block.kind === "table") return tableOf(block);
  if (block.kind === "list") return block.items.map((item) => `- ${escaped(item)}`).join("\n");
  if (block.kind === "code") return `\`\`\`\n${block.text}\n\`\`\``;
  return block.kind === "heading" ? `## ${escaped(block.text)}` : escaped(block.text);
}

function tableOf({ columns, rows }: Extract<Block, { kind: "table" }>): string {
  return [
    line(columns.map(({ title }) => title)),
    `|${columns.map(({ numeric }) => (numeric ? "---:" : "---")).join("|")}|`,
    ...rows.map(line),
  ].join("\n");
}

function line(cells: readonly string[]): string {
  return `| ${cells.map(escaped).join(" | ")} |`;
}

/** An underscore inside a word is no markup in Markdown; what begins a line may be. */
function escaped(text: string): string {
  return text
    .replaceAll(/[\\`*[\]<>|~&]|(?<!\w)_|_(?!\w)/g, (mark) => `\\${mark}`)
    .replaceAll(/\s+/g, " ")
    .replace(/^(?:[-+#=]|\d+(?=[.)](?:\s|$)))/, (start) =>
      /\d/.test(start) ? `${start}\\` : `\\${start}`,
    );
}
