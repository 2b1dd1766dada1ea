import type { Entity } from "./entity.ts";

/**
 * Refuses a catalog that cannot be run: two entities of one name or table, a parent or reference that is no entity,
 * a cycle. Throws an Error that lists everything found and says what to add.
 */
export function checkCatalog(entities: readonly Entity[]): void {
  const problems = [...duplicates(entities), ...unknownParents(entities)];
  if (problems.length === 0) problems.push(...cycles(entities));
  if (problems.length > 0) throw new Error(`the catalog cannot be run: ${problems.join("; ")}`);
}

/** Parents before children, otherwise as listed. Throws an Error on a cycle. */
export function inDependencyOrder(entities: readonly Entity[]): readonly Entity[] {
  const ordered: Entity[] = [];
  while (ordered.length < entities.length) {
    const next = entities.find(
      (one) => !ordered.includes(one) && parentsIn(one, entities).every((parent) => ordered.includes(parent)),
    );
    if (next === undefined) throw new Error(cycles(entities).join("; "));
    ordered.push(next);
  }
  return ordered;
}

/** The entity of this name. Throws an Error that lists the known ones. */
export function entityNamed(entities: readonly Entity[], name: string): Entity {
  const entity = entities.find((one) => one.name === name);
  if (entity === undefined) {
    throw new Error(`no entity is called ${name}; there are ${entities.map((one) => one.name).join(", ")}`);
  }
  return entity;
}

function duplicates(entities: readonly Entity[]): string[] {
  const twice = (values: readonly string[]) =>
    values.filter((value, index) => values.indexOf(value) !== index);
  return [
    ...twice(entities.map((one) => one.name)).map((name) => `two entities are called ${name}: rename one`),
    ...twice(entities.map((one) => one.target.table)).map(
      (table) => `two entities fill ${table}: give one another table`,
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
      .filter(([, column]) => column.references !== undefined && !(column.references in one.parents))
      .map(
        ([name, column]) =>
          `${one.name}.${name} refers to ${column.references}: add it to the parents of ${one.name}`,
      ),
  ]);
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
