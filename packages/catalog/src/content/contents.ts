/** All composers, and the tables they read: checked when the service starts. */
import type { Entity } from "../entity.ts";
import { composeCase } from "./case.ts";
import { composeCaseState } from "./case-state.ts";
import type { Composer } from "./composer.ts";
import { composePatient } from "./patient.ts";
import { composeProject } from "./project.ts";
import { composeWorkflowTemplate } from "./workflow-template.ts";

const composers: readonly Composer[] = [
  composeCase,
  composeProject,
  composePatient,
  composeCaseState,
  composeWorkflowTemplate,
];

/** A content type: how its rows are put into words, and where they are. */
export interface Content extends Composer {
  readonly table: string;
  /** The column with the row's legacy key. */
  readonly key: string;
}

/** The content of a catalog by type. Throws an Error that lists every content type without a composer, and every column that no entity has. */
export function contentOf(
  entities: readonly Entity[],
  known: readonly Composer[] = composers,
): ReadonlyMap<string, Content> {
  const problems: string[] = [];
  const contents = new Map<string, Content>();
  for (const { name, content, target } of entities) {
    if (content === null) continue;
    const composer = known.find(({ contentType }) => contentType === content);
    if (composer === undefined) {
      problems.push(
        `${name} has the content type ${content}: add content/${content.replaceAll("_", "-")}.ts`,
      );
      continue;
    }
    const absent = composer.columns.filter((column) => !(column in target.columns));
    if (absent.length > 0)
      problems.push(`${content} is composed of ${absent.join(", ")}, which ${name} has not`);
    contents.set(content, { ...composer, table: target.table, key: target.key });
  }
  if (problems.length > 0) throw new Error(`content cannot be composed: ${problems.join("; ")}`);
  return contents;
}
