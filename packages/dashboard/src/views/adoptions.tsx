/** Adoptions and their history: rows that somebody else put into the target, and what became of them. */
import type { Answer } from "@nexus/contract";
import { AdoptionActions, KIND } from "../parts/adoption-actions.tsx";
import { usePages } from "../parts/pager.tsx";
import { PagedList } from "../parts/pages.tsx";
import { TaskState } from "../parts/state.tsx";
import { linkTo, usePlace } from "../router.ts";
import { useSurroundings } from "../surroundings.ts";
import { useLoad } from "../use-load.ts";
import { timesOf, words } from "../words.ts";
import { Adoption } from "./adoption.tsx";

type Facts = Answer<"GET /v1/adoptions">["items"][number];

/** `#/adoptions` and `#/adoptions/3` */
export function Adoptions() {
  const { path } = usePlace();
  const id = Number(path[1]);
  return path[1] === undefined ? <History /> : <Adoption id={Number.isInteger(id) ? id : 0} />;
}

function History() {
  const { view } = useSurroundings();
  const turning = usePages("adoptions");
  const newest = useLoad("GET /v1/adoptions", { limit: 1 }, 3_000);
  const all = useLoad("GET /v1/adoptions", { limit: 50, cursor: turning[0].at(-1) }, 5_000);
  const reload = () => [newest, all].forEach((one) => one.reload());
  return (
    <>
      <div class="headline">
        <div>
          <h1>Adoptions</h1>
          <p>
            Rows that somebody else put into the target are given the legacy key of the source row
            that they are, so that a run updates them and loads none twice.
          </p>
        </div>
        {view !== undefined && newest.data !== undefined && (
          <AdoptionActions run={view.run} newest={newest.data.items[0]} done={reload} />
        )}
      </div>
      <section class="card" aria-label="All adoptions">
        <PagedList
          of={all}
          what="the adoptions"
          none="No adoption was asked for yet. A plan says which rows of the target would be known."
          turning={turning}
          line={(one) => <Line key={one.id} of={one} />}
        />
      </section>
    </>
  );
}

function Line({ of }: { readonly of: Facts }) {
  const { id, kind, status, errorCode } = of;
  return (
    <li>
      <span>
        <a href={linkTo(["adoptions", id])}>Adoption {id}</a>: {KIND[kind]}{" "}
        <TaskState status={status} />
        <br />
        <span class="soft small">{timesOf(of)}</span>
      </span>
      {errorCode !== null && <span class="end state bad">{words(errorCode)}</span>}
    </li>
  );
}
