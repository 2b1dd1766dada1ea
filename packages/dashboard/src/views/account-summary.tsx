/** Accounts of Supabase Auth in short: shown where a run has asked for them. */
import type { AccountsView } from "@nexus/contract";
import { count, mostFirst, sentence, words } from "../words.ts";
import { EmbeddingBar } from "./embedding-summary.tsx";

/** Beside the run: accounts are made after it, too. */
export function AccountSummary({ of }: { readonly of: AccountsView | null | undefined }) {
  if (of === null || of === undefined) return null;
  return (
    <section class="card" aria-labelledby="accounts-title">
      <div class="card-head">
        <h2 id="accounts-title">Accounts: {statusOf(of)}</h2>
        <a href="#/accounts">Who has none</a>
      </div>
      <AccountStanding of={of} />
    </section>
  );
}

/** That they stand still, how far they are, and what becomes of users. */
export function AccountStanding({ of }: { readonly of: AccountsView }) {
  return (
    <>
      {of.stalled !== null && (
        <p class="notice bad" role="alert">
          {sentence(of.stalled.says)}.
        </p>
      )}
      <EmbeddingBar done={of.done} failed={refusedIn(of)} open={of.due} />
      <AccountCounts of={of} />
    </>
  );
}

/** `paused because unauthorized` */
export function statusOf({ status, pausedBecause }: AccountsView): string {
  return pausedBecause === null ? status : `${status} because ${words(pausedBecause)}`;
}

/** How many are refused, whatever the code. */
function refusedIn({ refused }: AccountsView): number {
  return Object.values(refused).reduce((sum, n) => sum + n, 0);
}

/** Users of the source, by what becomes of their account. */
function AccountCounts({ of }: { readonly of: AccountsView }) {
  const lines = [
    ["Users who are to have an account", of.wanted],
    ["Accounts that are there", of.done],
    ["Still to be made", of.due],
    ["Refused: a person must look", refusedIn(of)],
    ["Users who are to have none", of.users - of.wanted],
    ["There, and not wanted any more", of.unwanted],
    ...(of.removing > 0 ? [["To be taken back by a rollback", of.removing] as const] : []),
  ] as const;
  return <Lines of={lines} />;
}

/** Codes and how many there are of each, the most frequent first. */
export function CodeCounts({ of }: { readonly of: Readonly<Record<string, number>> }) {
  return <Lines of={mostFirst(of).map(([code, n]) => [words(code), n] as const)} />;
}

function Lines({ of }: { readonly of: readonly (readonly [name: string, n: number])[] }) {
  return (
    <ul class="lines">
      {of.map(([name, n]) => (
        <li key={name}>
          <span class="soft">{name}</span>
          <span>{count(n)}</span>
        </li>
      ))}
    </ul>
  );
}
