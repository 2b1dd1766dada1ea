/** The way of one row: by its legacy key, from the source to its vectors. Keys and codes, never a value. */
import type { Lineage } from "@nexus/contract";
import { typedInto } from "../form.ts";
import { Ready } from "../parts/notice.tsx";
import { linkTo, usePlace } from "../router.ts";
import { useSurroundings } from "../surroundings.ts";
import { useLoad } from "../use-load.ts";
import { words } from "../words.ts";
import { RowSteps } from "./row-steps.tsx";

/** `#/rows` and `#/rows/cases/123` */
export function Row() {
  const { path } = usePlace();
  const [, entity, legacyId] = path;
  return (
    <>
      <div class="headline">
        <div>
          <h1>Find a row</h1>
          <p>What became of a row of the legacy database, by its key there.</p>
        </div>
      </div>
      <section class="card" aria-label="Which row">
        <Search entity={entity} legacyId={legacyId} />
      </section>
      {entity !== undefined && legacyId !== undefined && (
        <Found entity={entity} legacyId={legacyId} />
      )}
    </>
  );
}

function Search({
  entity,
  legacyId,
}: {
  readonly entity: string | undefined;
  readonly legacyId: string | undefined;
}) {
  const { view } = useSurroundings();
  const submit = (event: SubmitEvent) => {
    const typed = typedInto(event);
    location.hash = linkTo(["rows", typed("entity"), typed("key")]);
  };
  return (
    <form
      class="filters"
      onSubmit={submit}
      key={`${entity ?? ""} ${legacyId ?? ""} ${view === undefined}`}
    >
      <label class="field">
        <span>Entity</span>
        <select name="entity" defaultValue={entity}>
          {view?.entities.map((one) => (
            <option key={one.entity} value={one.entity} selected={one.entity === entity}>
              {one.entity}
            </option>
          ))}
        </select>
      </label>
      <label class="field">
        <span>Legacy key</span>
        <input
          name="key"
          inputMode="numeric"
          pattern="\s*-?\d{1,10}\s*"
          required
          defaultValue={legacyId}
          title="a whole number"
        />
      </label>
      <button type="submit" class="button first">
        Find it
      </button>
    </form>
  );
}

const OUTCOME: Readonly<Record<Lineage["outcome"], string>> = {
  loaded: "is in the target",
  rejected: "was rejected",
  parked: "is parked: it waits for a parent",
  open: "has no outcome yet",
};

function Found({ entity, legacyId }: { readonly entity: string; readonly legacyId: string }) {
  const found = useLoad("GET /v1/lineage/:entity/:legacyId", { entity, legacyId }, 10_000);
  return (
    <section class="card" aria-live="polite" aria-label="What became of it">
      <Ready of={found} what={`row ${legacyId} of ${entity}`}>
        {(row) => (
          <>
            <h2>
              Row {legacyId} of <a href={linkTo(["entities", entity])}>{words(entity)}</a>{" "}
              {OUTCOME[row.outcome]}
            </h2>
            <RowSteps of={row} />
          </>
        )}
      </Ready>
    </section>
  );
}
