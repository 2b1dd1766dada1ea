/** The audit log: what was changed, by whom and why. */
import { AUDITED, AUDITED_READS } from "@nexus/contract";
import { useMemo } from "preact/hooks";
import { PagedList } from "../parts/pages.tsx";
import { usePages } from "../parts/pager.tsx";
import { Select } from "../parts/select.tsx";
import { linkTo, usePlace } from "../router.ts";
import { useSurroundings } from "../surroundings.ts";
import { useLoad } from "../use-load.ts";
import { ChangeLine } from "./changes.tsx";

const ACTIONS = [...AUDITED, ...AUDITED_READS];

/** `#/audit?action=requeue&entity=cases` */
export function Audit() {
  const { query } = usePlace();
  const { view } = useSurroundings();
  const turning = usePages(JSON.stringify(query));
  const changes = useLoad(
    "GET /v1/audit",
    { ...query, limit: 50, cursor: turning[0].at(-1) },
    10_000,
  );
  const names = useMemo(() => view?.entities.map(({ entity }) => entity) ?? [], [view]);
  const choose = (name: string) => (value: string) =>
    (location.hash = linkTo(["audit"], { ...query, [name]: value }));
  return (
    <>
      <div class="headline">
        <div>
          <h1>Who did what</h1>
          <p>Every change, with its reason. Without tokens a name is what its owner says it is.</p>
        </div>
      </div>
      <section class="card" aria-label="Changes">
        <div class="filters">
          <Select
            label="What was done"
            value={query["action"]}
            options={ACTIONS}
            choose={choose("action")}
          />
          <Select
            label="Entity"
            value={query["entity"]}
            options={names}
            choose={choose("entity")}
          />
        </div>
        <PagedList
          of={changes}
          what="the audit log"
          none="No change is like that."
          turning={turning}
          line={(one) => <ChangeLine key={one.id} of={one} />}
        />
      </section>
    </>
  );
}
