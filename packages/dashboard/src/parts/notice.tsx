/** Loading and failing, in words. */
import type { ComponentChildren } from "preact";
import type { Loaded } from "../use-load.ts";

interface ReadyProps<A> {
  readonly of: Loaded<A>;
  /** "the audit log" */
  readonly what: string;
  readonly children: (data: A) => ComponentChildren;
}

/** What was read; until then, that it is being read, or why it cannot be. */
export function Ready<A>({ of: { data, problem, reload }, what, children }: ReadyProps<A>) {
  if (data !== undefined) return <>{children(data)}</>;
  if (problem === undefined) return <p class="soft">Reading {what}…</p>;
  const mayPass = problem.status !== 403;
  return (
    <div class={mayPass ? "notice bad form" : "notice"} role={mayPass ? "alert" : undefined}>
      <p>
        {mayPass ? `Could not read ${what}: ` : `You may not read ${what}: `}
        {problem.message}.
      </p>
      {mayPass && (
        <div>
          <button type="button" class="button slim" onClick={reload}>
            Try again
          </button>
        </div>
      )}
    </div>
  );
}
