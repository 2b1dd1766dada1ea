/** The story of a decision: all of the source's users are looked at in one snapshot, twice, and what is decided of them goes on record at once. */
import { type AccountUser, idOf, TEXT_AS_STORED, type SourceShape } from "@nexus/catalog";
import {
  type Client,
  inTransaction,
  LONG_MS,
  readSnapshot,
  readSourceShape,
} from "@nexus/shared/database";
import {
  holdDecision,
  idNamespace,
  recordDecision,
  runToDecide,
  sourceAtBegin,
  type ToDecide,
} from "@nexus/shared/ledger";
import { failpoint } from "@nexus/shared/runtime";
import type { Deps } from "../deps.ts";
import { type AddressBook, openAddressBook } from "./decide-accounts.ts";
import { readUsers } from "./read-users.ts";
import { testAccounts } from "./test-accounts.ts";
import { addDecisions, beginDecisions, type Decided, writeDecisions } from "./write-decisions.ts";

/** One look for a run whose accounts are to be decided. Returns the milliseconds until the next. */
export async function decideAccounts(deps: Deps): Promise<number> {
  const { legacy, settings, signal } = deps;
  const wanted = await runToDecide(deps.target);
  if (wanted === undefined) return settings.idleTickMs;
  const statementMs = settings.legacyStatementMs;
  await readSnapshot(legacy, (source) => decide(deps, source, wanted), { statementMs, signal });
  return settings.idleTickMs;
}

/** First everybody is known, then it is decided. Two extractors may both read; one of them writes. */
async function decide(deps: Deps, source: Client, wanted: ToDecide): Promise<void> {
  const { runId } = wanted;
  const { target, settings, signal, log } = deps;
  const shape = await shapeOf(deps, source, runId);
  await source.query(TEXT_AS_STORED);
  const book = openAddressBook(testAccounts(settings.testAccounts ?? ""));
  for await (const users of readUsers(source, shape)) for (const user of users) book.add(user);
  const decided = await inTransaction(
    target,
    async (tx) => {
      if (!(await holdDecision(tx, wanted))) return undefined;
      return await write(tx, source, { shape, book, wanted });
    },
    { statementMs: LONG_MS, signal },
  );
  if (decided !== undefined) log.info({ runId, ...decided }, "accounts are decided");
}

/** As the run began with it; that of an older release is looked for. */
async function shapeOf(
  { target, settings }: Deps,
  source: Client,
  runId: number,
): Promise<SourceShape> {
  const { LEGACY_TIMEZONE: zone } = settings.sourceRules ?? {};
  return (await sourceAtBegin(target, runId)) ?? (await readSourceShape(source, zone));
}

interface Work {
  readonly shape: SourceShape;
  readonly book: AddressBook;
  readonly wanted: ToDecide;
}

async function write(
  tx: Client,
  source: Client,
  { shape, book, wanted }: Work,
): Promise<{ readonly written: number; readonly counts: Readonly<Record<string, number>> }> {
  const namespace = wanted.beforeProfiles ? await idNamespace(tx) : undefined;
  await beginDecisions(tx);
  for await (const users of readUsers(source, shape))
    await addDecisions(
      tx,
      users.map((user) => ({ ...decidedOf(book, user), future: futureId(namespace, user) })),
    );
  const done = await writeDecisions(tx, wanted);
  await recordDecision(tx, wanted, done.counts);
  failpoint("accounts.decided");
  return done;
}

/** The id that his profile will have; null: it is there by now, or never will be. */
function futureId(namespace: string | undefined, { id }: AccountUser): string | null {
  return namespace === undefined ? null : idOf(namespace, "profiles", id);
}

function decidedOf(book: AddressBook, user: AccountUser): Omit<Decided, "future"> {
  const { id } = user;
  const decision = book.decide(user);
  if (decision.outcome === "account") return { id, reason: null, holder: null };
  return { id, reason: decision.reason, holder: decision.holder };
}
