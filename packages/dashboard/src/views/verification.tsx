/** One verification, entity by entity, beside how far the newest run is. */
import { type EntityView, proofCodeInWords, type VerificationView } from "@nexus/contract";
import { Ready } from "../parts/notice.tsx";
import { type Head, ScrollingTable } from "../parts/scrolling-table.tsx";
import { TaskState } from "../parts/state.tsx";
import { linkTo } from "../router.ts";
import { useSurroundings } from "../surroundings.ts";
import { useLoad } from "../use-load.ts";
import { count, counted, mostFirst, timesOf, words } from "../words.ts";
import { Differences } from "./differences.tsx";
import { ProgressOf, UNKNOWN } from "./verified-entities.tsx";

type Verified = VerificationView["entities"][number];

/** `#/verifications/3` */
export function Verification({ id }: { readonly id: number }) {
  const verification = useLoad("GET /v1/verifications/:id", { id }, 3_000);
  return (
    <Ready of={verification} what={`verification ${id}`}>
      {(view) => (
        <>
          <Headline of={view} />
          <Entities of={view} />
          <Differences id={id} entities={view.entities.map(({ entity }) => entity)} />
        </>
      )}
    </Ready>
  );
}

function Headline({ of }: { readonly of: VerificationView }) {
  const { id, status, errorCode } = of;
  return (
    <div class="headline">
      <div>
        <h1>
          Verification {id} <TaskState status={status} />
        </h1>
        <p>
          {timesOf(of)}
          {narrowed(of)}
          {errorCode !== null && `; ended with ${words(errorCode)}: ${proofCodeInWords(errorCode)}`}
        </p>
      </div>
      <a href="#/verifications">All verifications</a>
    </div>
  );
}

function narrowed({ range, sample }: VerificationView): string {
  const keys = range === null ? "" : `; keys ${range.from} to ${range.to} only`;
  return sample === null ? keys : `${keys}; ${sample} % of the source rows, chosen by chance`;
}

function Entities({ of }: { readonly of: VerificationView }) {
  const { view } = useSurroundings();
  const progress = new Map(view?.entities.map((one) => [one.entity, one]));
  const { id, differences, status, entities } = of;
  return (
    <section class="card" aria-labelledby="entities-title">
      <h2 id="entities-title">
        {entities.length === 0 ? "Entities" : counted(differences, "difference")}
      </h2>
      {entities.length === 0 ? (
        <p class="soft">
          {status === "open"
            ? "An extractor does it. Entities are listed as they are done."
            : "It ended before an entity was done."}
        </p>
      ) : (
        <ScrollingTable of="Entities" heads={headsOf(view?.run?.id)}>
          {entities.map((one) => (
            <Line key={one.entity} id={id} of={one} progress={progress.get(one.entity)} />
          ))}
        </ScrollingTable>
      )}
    </section>
  );
}

function headsOf(runId: number | undefined): readonly Head[] {
  return [
    "Entity",
    runId === undefined ? "Progress" : `Progress of run ${runId}`,
    "Verified",
    { number: "Compared" },
    "Differences by kind",
    { number: "Changed since" },
    "Vectors",
  ];
}

interface LineProps {
  readonly id: number;
  readonly of: Verified;
  /** Of the newest run, if it has the entity. */
  readonly progress: EntityView | undefined;
}

function Line({ id, of, progress }: LineProps) {
  return (
    <tr>
      <th scope="row">{words(of.entity)}</th>
      <td class="progress-cell">
        <ProgressOf progress={progress} />
      </td>
      <td>
        <Verdict of={of} />
      </td>
      <td class="number">{count(of.rows)}</td>
      <td>
        <Kinds id={id} of={of} />
      </td>
      <td class="number">{count(of.changedSince)}</td>
      <td>
        <Vectors of={of} />
        <Accounts of={of} />
      </td>
    </tr>
  );
}

function Verdict({ of: { status, differences } }: { readonly of: Verified }) {
  if (status !== "proved")
    return (
      <>
        <span class="state held">not verified</span>
        <br />
        <span class="soft small">{UNKNOWN[status]}</span>
      </>
    );
  return (
    <span class={`state ${differences > 0 ? "bad" : "done"}`}>
      {differences > 0 ? counted(differences, "difference") : "no difference"}
    </span>
  );
}

/** How many content rows were looked at, and how many have vectors yet to be made. What differs is among the kinds. */
function Vectors({ of: { vectors, documents } }: { readonly of: Verified }) {
  if (vectors === null) return <span class="soft">no content</span>;
  const documentsPending = documents?.pending ?? 0;
  return (
    <>
      {counted(vectors.items, "row")}
      {vectors.pending > 0 && (
        <>
          <br />
          <span class="state held">{count(vectors.pending)} pending</span>
        </>
      )}
      {documentsPending > 0 && (
        <>
          <br />
          <span class="state held">{counted(documentsPending, "document")} pending</span>
        </>
      )}
    </>
  );
}

/** Whether accounts were compared with Supabase Auth, and how many are yet to be made. */
function Accounts({ of: { accounts } }: { readonly of: Verified }) {
  if (accounts === null) return null;
  if (accounts.unverified !== null) return <span class="state held">accounts not verified</span>;
  if (accounts.pending === 0) return null;
  return <span class="state held">{counted(accounts.pending, "account")} pending</span>;
}

/** Each kind leads to its rows. */
function Kinds({ id, of: { entity, kinds } }: Pick<LineProps, "id" | "of">) {
  return (
    <ul>
      {mostFirst(kinds).map(([kind, rows]) => (
        <li key={kind}>
          <a href={linkTo(["verifications", id], { entity, kind })}>{words(kind)}</a> {count(rows)}
        </li>
      ))}
    </ul>
  );
}
