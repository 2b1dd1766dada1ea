import { contentProblems } from "./content/contents.ts";
import type { Entity } from "./entity.ts";

/**
 * Refuses a catalog that cannot be run: two entities of one name, table or content type, a parent or reference that is no entity,
 * a cycle, a fact that is missing or does not fit, content that nobody composes. Every process calls it before it starts.
 * Throws an Error that lists everything found and says what to add.
 */
export function checkCatalog(entities: readonly Entity[]): void {
  const problems = [...duplicates(entities), ...unknownParents(entities)];
  if (problems.length === 0) problems.push(...cycles(entities));
  problems.push(...entities.flatMap(unfitFacts), ...contentProblems(entities));
  refuse(problems);
}

function refuse(problems: readonly string[]): void {
  if (problems.length > 0) throw new Error(`the catalog cannot be run: ${problems.join("; ")}`);
}

/** Parents before children, otherwise as listed. Throws an Error on a parent that is no entity, and on a cycle. */
export function inDependencyOrder(entities: readonly Entity[]): readonly Entity[] {
  refuse(unknownParents(entities));
  const ordered: Entity[] = [];
  while (ordered.length < entities.length) {
    const next = entities.find(
      (one) =>
        !ordered.includes(one) &&
        parentsIn(one, entities).every((parent) => ordered.includes(parent)),
    );
    if (next === undefined) refuse(cycles(entities));
    else ordered.push(next);
  }
  return ordered;
}

/** The entity of this name. Throws an Error that lists the known ones. */
export function entityNamed(entities: readonly Entity[], name: string): Entity {
  const entity = entities.find((one) => one.name === name);
  if (entity === undefined) {
    throw new Error(
      `no entity is called ${name}; there are ${entities.map((one) => one.name).join(", ")}`,
    );
  }
  return entity;
}

function duplicates(entities: readonly Entity[]): string[] {
  const twice = (values: readonly string[]) =>
    values.filter((value, index) => values.indexOf(value) !== index);
  return [
    ...twice(entities.map((one) => one.name)).map(
      (name) => `two entities are called ${name}: rename one`,
    ),
    ...twice(entities.map((one) => one.target.table)).map(
      (table) => `two entities fill ${table}: give one another table`,
    ),
    ...twice(entities.flatMap(({ content }) => content ?? [])).map(
      (content) => `two entities have the content type ${content}: rename one`,
    ),
  ];
}

function unknownParents(entities: readonly Entity[]): string[] {
  const names = new Set(entities.map((one) => one.name));
  return entities.flatMap((one) => [
    ...Object.keys(one.parents)
      .filter((parent) => !names.has(parent))
      .map(
        (parent) =>
          `${one.name} has the parent ${parent}: add entities/${parent}.ts and its line in entities/index.ts`,
      ),
    ...Object.entries(one.target.columns)
      .filter(
        ([, column]) => column.references !== undefined && !(column.references in one.parents),
      )
      .map(
        ([name, column]) =>
          `${one.name}.${name} refers to ${column.references}: add it to the parents of ${one.name}`,
      ),
  ]);
}

function unfitFacts({ name, followsCase, sharedWithoutPractice, target }: Entity): string[] {
  const problems: string[] = [];
  const hasPractice = "practice_id" in target.columns;
  const hasBoth = hasPractice && "case_id" in target.columns;
  if (hasBoth && followsCase === null)
    problems.push(
      `${name} has a case and a practice: say followsCase: true if its practice is always its case's, else followsCase: false`,
    );
  if (followsCase === true && !hasBoth)
    problems.push(`${name} follows its case: give it the columns case_id and practice_id`);
  if (sharedWithoutPractice && !hasPractice)
    problems.push(`${name} is shared without a practice: give it the column practice_id`);
  return problems;
}

function cycles(entities: readonly Entity[]): string[] {
  let left = entities;
  for (;;) {
    const rest = left.filter((one) => parentsIn(one, left).length > 0);
    if (rest.length === left.length) break;
    left = rest;
  }
  if (left.length === 0) return [];
  return [`${left.map((one) => one.name).join(", ")} wait for each other: take a parent out`];
}

function parentsIn(entity: Entity, among: readonly Entity[]): readonly Entity[] {
  return among.filter((one) => one.name in entity.parents);
}
