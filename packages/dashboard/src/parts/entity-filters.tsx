/** The head of a list of rows found: its title, and which of them are shown, by entity and by one thing more. */
import { linkTo, usePlace } from "../router.ts";
import { Select } from "./select.tsx";

interface EntityFiltersProps {
  /** The id of the title's element. */
  readonly id: string;
  readonly title: string;
  /** The way to the list; what is chosen is added to it. */
  readonly at: readonly (string | number)[];
  readonly entities: readonly string[];
  /** What they differ in besides, as the address names it, and its values. */
  readonly by: string;
  readonly values: readonly string[];
}

export function EntityFilters({ id, title, at, entities, by, values }: EntityFiltersProps) {
  const { query } = usePlace();
  const choose = (chosen: Readonly<Record<string, string>>) =>
    (location.hash = linkTo(at, { entity: query["entity"], [by]: query[by], ...chosen }));
  return (
    <div class="card-head">
      <h2 id={id}>{title}</h2>
      <div class="filters">
        <Select
          label="Entity"
          value={query["entity"]}
          options={entities}
          choose={(one) => choose({ entity: one })}
        />
        <Select
          label={`${by[0]?.toUpperCase()}${by.slice(1)}`}
          value={query[by]}
          options={values}
          choose={(one) => choose({ [by]: one })}
        />
      </div>
    </div>
  );
}
