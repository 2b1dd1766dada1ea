/** Lines of the audit log. */
import type { Answer } from "@nexus/contract";
import { linkTo } from "../router.ts";
import { instant, words } from "../words.ts";

export type Change = Answer<"GET /v1/audit">["items"][number];

const DONE: Readonly<Record<string, string>> = {
  start: "started",
  pause: "paused",
  resume: "resumed",
  cancel: "cancelled",
  requeue: "requeued",
  requeue_accounts: "had accounts tried again",
  waive: "waived",
  backfill: "offered for embedding",
  forecast: "asked for a forecast",
  verify: "asked for a verification",
  cancel_forecast: "cancelled a forecast",
  cancel_verification: "cancelled a verification",
  evidence: "had the evidence written of",
  plan_adoption: "planned an adoption",
  adopt: "asked for an adoption",
  undo_adoption: "took adopted keys back",
  cancel_adoption: "cancelled an adoption",
};

/** "requeued" */
function doneInWords({ action }: Pick<Change, "action">): string {
  return DONE[action] ?? words(action);
}

/** What was changed: an entity, a run, or both. */
function ChangedThing({
  of: { entity, runId },
}: {
  readonly of: Pick<Change, "entity" | "runId">;
}) {
  return (
    <>
      {entity !== null && <a href={linkTo(["entities", entity])}>{words(entity)}</a>}
      {entity !== null && runId !== null && ", "}
      {runId !== null && <a href={linkTo(["runs", runId])}>run {runId}</a>}
    </>
  );
}

/** In a line or two. */
export function ChangeLine({ of }: { readonly of: Change }) {
  return (
    <li>
      <span>
        <strong>{of.actor}</strong> {doneInWords(of)} <ChangedThing of={of} />
        <br />
        <span class="soft small">{of.reason ?? "no reason given"}</span>
      </span>
      <span class="end soft small">{instant(of.at)}</span>
    </li>
  );
}
