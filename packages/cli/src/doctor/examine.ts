/** The examination: what is configured is reached, and what is reached is looked at, one thing after the other. Nothing is changed. */
import { ConfigurationError, plainTextRisk, StartFailure } from "@nexus/shared/config";
import { errorCode, openPool, type Pool, sharedDatabases } from "@nexus/shared/database";
import { openUnchanged, type Transport } from "@nexus/shared/queue";
import { type Closers, closers } from "@nexus/shared/runtime";
import { examineAccounts } from "./accounts.ts";
import { examineApi, examineView } from "./api.ts";
import { examineDify } from "./dify.ts";
import { examineEmbeddings } from "./embeddings.ts";
import { examineExceptions } from "./exceptions.ts";
import { examineExtractors } from "./extractors.ts";
import { type Area, AREAS, type Finding, note, unchecked, wrong } from "./finding.ts";
import { examineHolds } from "./holds.ts";
import { examineInvariants, examineKeys } from "./invariants.ts";
import { examineLegacy } from "./legacy.ts";
import { examineLocks } from "./locks.ts";
import { examineMostRows } from "./most-rows.ts";
import { examineQueues } from "./queues.ts";
import { examineRun } from "./run.ts";
import { readSettings, type Settings } from "./settings.ts";
import { examineSync } from "./sync.ts";
import { examineTarget } from "./target.ts";

/** All findings, in the order of `AREAS`. Takes a few seconds, and up to a minute where servers do not answer. */
export async function examine(env: NodeJS.ProcessEnv, depth: Depth = "usual"): Promise<Finding[]> {
  const { settings, findings } = readSettings(env);
  const open = closers();
  try {
    const found = await examineServers(settings, open, depth);
    return [...findings, ...found].sort((a, b) => AREAS.indexOf(a.area) - AREAS.indexOf(b.area));
  } finally {
    await open.closeAll();
  }
}

/** `deep`: the invariants too, which read every table and every key of both databases. */
export type Depth = "usual" | "deep";

async function examineServers(settings: Settings, open: Closers, depth: Depth): Promise<Finding[]> {
  const target = poolAt(settings.TARGET_URL, open);
  const legacy = poolAt(settings.LEGACY_URL, open);
  const api = await examineApi(settings);
  const queue = await openQueue(settings, open);
  const ground = target === undefined ? NOTHING : await examineTarget(target, settings);
  const ledger =
    target !== undefined && ground.ledger
      ? await examineLedger(target, queue.transport)
      : undefined;
  return [
    ...plainText(settings),
    ...api.findings,
    ...queue.findings,
    ...ground.findings,
    ...(ledger ?? (api.view === undefined ? [] : examineView(api.view))),
    ...(depth === "deep" && target !== undefined && ground.ledger
      ? await examineDeeply(legacy, target)
      : []),
    ...(legacy === undefined
      ? []
      : await looked("legacy", "the source", () => examineLegacy(legacy, settings))),
    ...(await sharedDatabases(settings)).map(({ code, says }) => note("legacy", code, says)),
  ];
}

/** What may be read on its way. The queue says it by itself. */
function plainText({ TARGET_URL: target, LEGACY_URL: legacy }: Settings): Finding[] {
  return [
    ...(target === undefined
      ? []
      : plainTextRisk("TARGET_URL", target).map(({ code, says }) => note("target", code, says))),
    ...(legacy === undefined
      ? []
      : plainTextRisk("LEGACY_URL", legacy).map(({ code, says }) => note("legacy", code, says))),
  ];
}

async function examineDeeply(legacy: Pool | undefined, target: Pool): Promise<Finding[]> {
  return [
    ...(await looked("run", "the invariants", () => examineInvariants(target))),
    ...(legacy === undefined
      ? [unchecked("run", "whether every key of the source has an outcome: LEGACY_URL is not set")]
      : await looked("run", "the keys of the source", () => examineKeys(legacy, target))),
  ];
}

const NOTHING = { findings: [], ledger: false };

/** What the ledger says, and whether the queue and its workers agree. */
async function examineLedger(target: Pool, queue: Transport | undefined): Promise<Finding[]> {
  return [
    ...(await looked("run", "what holds it up", () => examineHolds(target))),
    ...(await looked("target", "locks", () => examineLocks(target))),
    ...(await looked("run", "the run", () => examineRun(target))),
    ...(await looked("run", "extractors", () => examineExtractors(target))),
    ...(await looked("run", "following", () => examineSync(target))),
    ...(await looked("run", "exceptions", () => examineExceptions(target))),
    ...(await looked("run", "what most rows met with", () => examineMostRows(target))),
    ...(queue === undefined
      ? []
      : await looked("queue", "the queues", () => examineQueues(target, queue))),
    ...(await looked("dify", "Dify", () => examineDify(target))),
    ...(await looked("accounts", "accounts", () => examineAccounts(target))),
    ...(await looked("embeddings", "embeddings", () => examineEmbeddings(target, queue))),
  ];
}

/** One thing that cannot be looked at keeps nobody from looking at the others. */
async function looked(
  area: Area,
  what: string,
  look: () => Promise<Finding[]>,
): Promise<Finding[]> {
  try {
    return await look();
  } catch (error) {
    if (error instanceof TypeError) throw error; // A defect of ours is no reason to call anything well.
    const code = errorCode(error) ?? (error instanceof Error ? error.name : "unknown");
    return [unchecked(area, `${what} could not be looked at (${code})`)];
  }
}

function poolAt(url: string | undefined, open: Closers): Pool | undefined {
  if (url === undefined) return undefined;
  const pool = openPool({ url, max: 1, name: "nexus-doctor", onError: () => undefined });
  open.push("pool", () => pool.end());
  return pool;
}

interface OpenedQueue {
  readonly findings: readonly Finding[];
  readonly transport?: Transport | undefined;
}

function worthAWord({ code, says }: Awaited<ReturnType<typeof openUnchanged>>["warnings"][number]) {
  if (code === "queue_evicts")
    return wrong(
      "queue",
      code,
      says,
      "config set maxmemory-policy noeviction; nothing of ours needs a restart",
    );
  return code === "queue_not_made"
    ? note("queue", code, says, "where services run already, QUEUE_URL is not theirs: correct it")
    : note("queue", code, says);
}

async function openQueue(
  { QUEUE_URL: url, QUEUE_PREFIX: prefix }: Settings,
  open: Closers,
): Promise<OpenedQueue> {
  if (url === undefined || prefix === undefined) return { findings: [] };
  try {
    const { transport, warnings } = await openUnchanged({
      url,
      prefix,
      workers: 0,
      onError: () => undefined,
    });
    if (transport !== undefined) open.push("queue", () => transport.close());
    return { findings: warnings.map(worthAWord), transport };
  } catch (error) {
    if (!(error instanceof StartFailure)) throw error;
    if (error instanceof ConfigurationError) {
      const next = "do what it says: no service starts before, and a running one does nothing";
      return { findings: [wrong("queue", "queue_unfit", error.message, next)] };
    }
    const next = "start it, or correct QUEUE_URL; nothing is lost: the ledger fills it again";
    return { findings: [wrong("queue", "queue_unreachable", error.message, next)] };
  }
}
