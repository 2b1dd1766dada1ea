/** The stations of a row, one below the other. */
import type { Lineage } from "@nexus/contract";
import type { ComponentChildren } from "preact";
import { linkTo } from "../router.ts";
import { counted, instant, words } from "../words.ts";

type Tone = "done" | "bad" | "held" | "rests";

/** Source, ranges, outcome, target, vectors. */
export function RowSteps({ of }: { readonly of: Lineage }) {
  const { source, batches } = of;
  return (
    <ol class="steps">
      <Step tone="done" title="Source">
        <code>
          {source.table}.{source.key} = {of.legacyId}
        </code>
      </Step>
      {batches.toReversed().map((batch) => (
        <BatchStep key={batch.id} of={batch} />
      ))}
      <Outcome of={of} />
      {of.target !== null && (
        <Step tone="done" title="Target">
          <code>
            {of.target.table} {of.target.id}
          </code>
        </Step>
      )}
      {of.content !== null && <Content of={of} content={of.content} />}
    </ol>
  );
}

function Step({
  tone,
  title,
  children,
}: {
  readonly tone: Tone;
  readonly title: string;
  readonly children: ComponentChildren;
}) {
  return (
    <li class={tone}>
      <h3>{title}</h3>
      <p class="soft">{children}</p>
    </li>
  );
}

const TONES: Readonly<Record<Lineage["batches"][number]["status"], Tone>> = {
  planned: "rests",
  queued: "rests",
  done: "done",
  failed: "bad",
  cancelled: "rests",
  rolled_back: "rests",
};

function BatchStep({ of }: { readonly of: Lineage["batches"][number] }) {
  const repairs = of.notes.map(({ code, column }) => `${words(code)} (${column})`).join(", ");
  return (
    <Step tone={TONES[of.status]} title={`Range ${of.seq} of run ${of.runId}: ${of.status}`}>
      {counted(of.attempts, "attempt")}
      {of.generation > 1 && `, requeued ${of.generation - 1} times`}
      {of.finishedAt !== null && `, ${instant(of.finishedAt)}`}
      {of.errorSays !== null && `; ${of.errorSays} (${of.errorCode})`}
      {repairs !== "" && `; repaired: ${repairs}`}{" "}
      <a href={linkTo(["runs", of.runId])}>Show run {of.runId}</a>
    </Step>
  );
}

function Outcome({ of: { exception, outcome, entity } }: { readonly of: Lineage }) {
  if (exception === null) return null;
  const { reason, column, missingEntity, missingId } = exception;
  return (
    <Step
      tone={outcome === "parked" ? "held" : "bad"}
      title={`${outcome === "parked" ? "Parked" : "Rejected"}: ${words(reason)}`}
    >
      {column !== null && `in column ${column}. `}
      {missingEntity !== null && missingId !== null && (
        <>
          It waits for{" "}
          <a href={linkTo(["rows", missingEntity, missingId])}>
            {words(missingEntity)} {missingId}
          </a>
          .{" "}
        </>
      )}
      <a href={linkTo(["exceptions"], { entity, outcome, reason })}>All rows like it</a>
    </Step>
  );
}

const EMBEDDED: Readonly<Record<NonNullable<Lineage["content"]>["state"], Tone>> = {
  embedded: "done",
  empty: "done",
  failed: "bad",
  waiting: "rests",
};

function Content({
  of,
  content,
}: {
  readonly of: Lineage;
  readonly content: NonNullable<Lineage["content"]>;
}) {
  return (
    <Step tone={EMBEDDED[content.state]} title={`Embeddings: ${content.state}`}>
      {counted(of.embeddings.length, "vector")}
      {content.code !== null && `; ${words(content.code)}`}
      {content.settledAt !== null && `, ${instant(content.settledAt)}`}
    </Step>
  );
}
