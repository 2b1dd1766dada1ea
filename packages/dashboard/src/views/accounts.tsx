/** Accounts of Supabase Auth: how many are made, and who has none. */
import type { AccountsView, Answer } from "@nexus/contract";
import { change } from "../api.ts";
import { Action } from "../parts/action.tsx";
import { Ready } from "../parts/notice.tsx";
import { usePages } from "../parts/pager.tsx";
import { PagedRows } from "../parts/pages.tsx";
import { ScrollingTable } from "../parts/scrolling-table.tsx";
import { Select } from "../parts/select.tsx";
import { linkTo, usePlace } from "../router.ts";
import { useLoad } from "../use-load.ts";
import { counted, sentence, words } from "../words.ts";
import { AccountStanding, CodeCounts, statusOf } from "./account-summary.tsx";

type Exception = Answer<"GET /v1/accounts/exceptions">["items"][number];

/** `#/accounts`, `#/accounts?decidedBy=person` */
export function Accounts() {
  const accounts = useLoad("GET /v1/accounts", {}, 5_000);
  return (
    <>
      <div class="headline">
        <div>
          <h1>Accounts</h1>
          <p>
            Active users of the source with an address of their own get an account of Supabase Auth.
          </p>
        </div>
        <div class="buttons">
          <Again done={accounts.reload} />
        </div>
      </div>
      <Ready of={accounts} what="the accounts">
        {(data) =>
          data.status === "off" ? (
            <p class="soft">No run has asked for accounts.</p>
          ) : (
            <Made of={data} />
          )
        }
      </Ready>
    </>
  );
}

function Made({ of }: { readonly of: AccountsView }) {
  return (
    <>
      <section class="card" aria-labelledby="accounts-title">
        <h2 id="accounts-title">{sentence(statusOf(of))}</h2>
        <AccountStanding of={of} />
      </section>
      <div class="two">
        <Codes title="Why users have none" of={of.none} />
        <Codes title="Why accounts are refused" of={of.refused} />
      </div>
      <Codes title="Passwords of accounts that were made" of={of.passwords} />
      <Exceptions />
    </>
  );
}

function Codes({
  title,
  of,
}: {
  readonly title: string;
  readonly of: Readonly<Record<string, number>>;
}) {
  return (
    <section class="card" aria-label={title}>
      <h2>{title}</h2>
      {Object.keys(of).length === 0 ? <p class="soft">There are none.</p> : <CodeCounts of={of} />}
    </section>
  );
}

const WHOM: Readonly<Record<string, string>> = { person: "a person", rule: "a rule" };

function Exceptions() {
  const { query } = usePlace();
  const { decidedBy } = query;
  const turning = usePages(decidedBy ?? "");
  const address = { decidedBy, limit: 25, cursor: turning[0].at(-1) };
  const rows = useLoad("GET /v1/accounts/exceptions", address, 10_000);
  return (
    <section class="card" aria-labelledby="without-title">
      <div class="card-head">
        <h2 id="without-title">Users without an account</h2>
        <div class="filters">
          <Select
            label="Decided by"
            value={decidedBy}
            options={Object.keys(WHOM)}
            choose={(chosen) => (location.hash = linkTo(["accounts"], { decidedBy: chosen }))}
          />
        </div>
      </div>
      <PagedRows
        of={rows}
        what="these users"
        none="There is no such user."
        turning={turning}
        rows={(items) => (
          <ScrollingTable of="Users" heads={["Legacy key", "State", "Why", "Holder", "Decided by"]}>
            {items.map((one) => (
              <Line key={one.legacyId} of={one} />
            ))}
          </ScrollingTable>
        )}
      />
    </section>
  );
}

function Line({ of: { legacyId, state, says, holder, decidedBy } }: { readonly of: Exception }) {
  return (
    <tr>
      <th scope="row">
        <a href={linkTo(["rows", "profiles", legacyId])}>{legacyId}</a>
      </th>
      <td>{words(state)}</td>
      <td>{sentence(says)}</td>
      <td>
        {holder === null ? (
          <span class="soft">nobody</span>
        ) : (
          <a href={linkTo(["rows", "profiles", holder])}>{holder}</a>
        )}
      </td>
      <td>{WHOM[decidedBy] ?? decidedBy}</td>
    </tr>
  );
}

function Again({ done }: { readonly done: () => void }) {
  return (
    <Action
      label="Try what was refused again"
      title="Try refused accounts again"
      explains="Loaders ask Supabase Auth for them again. Mend the cause first: the same address is refused the same way twice."
      act={async (reason) => {
        const answer = await change("POST /v1/accounts/requeue", {}, { scope: "refused", reason });
        done();
        return answer.accounts === 0
          ? "No account is refused."
          : `${counted(answer.accounts, "account")} will be tried again.`;
      }}
    />
  );
}
