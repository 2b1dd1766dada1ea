/** Each entity's progress, and beside it what the newest verification says that has looked at it. */
import type { Answer, EntityView, NewestVerification } from "@nexus/contract";
import { Bar } from "../parts/bar.tsx";
import { Ready } from "../parts/notice.tsx";
import { ScrollingTable } from "../parts/scrolling-table.tsx";
import { linkTo } from "../router.ts";
import { useLoad } from "../use-load.ts";
import { counted, instant, percent, words } from "../words.ts";

type Known = Answer<"GET /v1/verifications/newest">["entities"][number];

/** Entities of the newest run, and of the catalog beside them. */
export function VerifiedEntities({ entities }: { readonly entities: readonly EntityView[] }) {
  const newest = useLoad("GET /v1/verifications/newest", {}, 5_000);
  const progress = new Map(entities.map((one) => [one.entity, one]));
  return (
    <section class="card" aria-labelledby="verified-title">
      <div class="card-head">
        <h2 id="verified-title">Loaded and verified</h2>
        <a href="#/verifications">All verifications</a>
      </div>
      <Ready of={newest} what="the verifications">
        {({ entities: known }) => (
          <ScrollingTable of="Loaded and verified" heads={["Entity", "Progress", "Verified"]}>
            {known.map((one) => (
              <Line key={one.entity} of={one} progress={progress.get(one.entity)} />
            ))}
          </ScrollingTable>
        )}
      </Ready>
    </section>
  );
}

interface LineProps {
  readonly of: Known;
  /** Of the newest run, if it has the entity. */
  readonly progress: EntityView | undefined;
}

function Line({ of: { entity, newest }, progress }: LineProps) {
  return (
    <tr>
      <th scope="row">{words(entity)}</th>
      <td class="progress-cell">
        <ProgressOf progress={progress} />
      </td>
      <td>
        <VerdictOf newest={newest} />
      </td>
    </tr>
  );
}

/** How far the newest run is with an entity. */
export function ProgressOf({ progress }: Pick<LineProps, "progress">) {
  if (progress === undefined) return <span class="soft">none</span>;
  return (
    <>
      {percent(progress.percent)}
      <Bar of={progress} />
    </>
  );
}

/** In one word what is known, and under it of when, or why nothing is. */
function VerdictOf({ newest }: { readonly newest: NewestVerification | null }) {
  const { tone, says, because } = verdict(newest);
  return (
    <>
      <span class={`state ${tone}`}>{says}</span>
      <br />
      <span class="soft small">
        {because}
        {newest !== null && (
          <>
            {because !== "" && "; "}
            <a href={linkTo(["verifications", newest.id])}>verification {newest.id}</a>
            {`, ${instant(newest.finishedAt)}`}
          </>
        )}
      </span>
    </>
  );
}

interface Verdict {
  readonly tone: "done" | "bad" | "held";
  readonly says: string;
  readonly because: string;
}

/** Why nothing is known of an entity. */
export const UNKNOWN: Readonly<Record<Exclude<NewestVerification["status"], "proved">, string>> = {
  without_twin: "its mapping, or a parent's, is written down once only",
  unread: "no run has read a row of it",
};

function verdict(newest: NewestVerification | null): Verdict {
  if (newest === null) return notVerified("no verification has looked at it");
  const { status, differences } = newest;
  if (status !== "proved") return notVerified(UNKNOWN[status]);
  const open = leftOpenBy(newest);
  const because = [...open, ...sinceThen(newest)].join("; ");
  if (differences > 0) return { tone: "bad", says: counted(differences, "difference"), because };
  if (open.length > 0) return notVerified(`no difference, but ${because}`);
  return { tone: "done", says: "no difference", because };
}

function notVerified(because: string): Verdict {
  return { tone: "held", says: "not verified", because };
}

/** What a verification does not say of an entity. */
function leftOpenBy({ isCurrent, range, sample }: NewestVerification): string[] {
  return [
    ...(isCurrent ? [] : ["a run or an adoption has written since"]),
    ...(range === null ? [] : [`only keys ${range.from} to ${range.to} were compared`]),
    ...(sample === null ? [] : [`only ${sample} % of the rows were compared`]),
  ];
}

/** What a live source has changed: told apart, and no difference. */
function sinceThen({ changedSince }: NewestVerification): string[] {
  return changedSince === 0 ? [] : [`${counted(changedSince, "row")} changed in the source since`];
}
