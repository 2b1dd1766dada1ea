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
  readonly sharedWithoutPractice: boolean;
}

/** What keeps the content of a catalog from being composed: content types without a composer, columns that no entity has. */
export function contentProblems(
  entities: readonly Entity[],
  known: readonly Composer[] = composers,
): readonly string[] {
  return entities.flatMap(({ name, content, target }) => {
    if (content === null) return [];
    const composer = known.find(({ contentType }) => contentType === content);
    if (composer === undefined) {
      const file = `content/${content.replaceAll("_", "-")}.ts`;
      return [
        `${name} has the content type ${content}: add ${file} and its line in content/contents.ts`,
      ];
    }
    const absent = composer.columns.filter((column) => !(column in target.columns));
    return absent.length === 0
      ? []
      : [`${content} is composed of ${absent.join(", ")}: add to the columns of ${name}`];
  });
}

/** The content of a catalog by type. Throws an Error that lists what `contentProblems` found. */
export function contentOf(
  entities: readonly Entity[],
  known: readonly Composer[] = composers,
): ReadonlyMap<string, Content> {
  const problems = contentProblems(entities, known);
  if (problems.length > 0) throw new Error(`content cannot be composed: ${problems.join("; ")}`);
  const contents = entities.flatMap(({ content, target: { table, key }, sharedWithoutPractice }) =>
    known
      .filter(({ contentType }) => contentType === content)
      .map((composer) => ({ ...composer, table, key, sharedWithoutPractice })),
  );
  return new Map(contents.map((one) => [one.contentType, one]));
}
