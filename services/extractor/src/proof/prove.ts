/** The story of a proof: what an operator asked for is gone through by one extractor, which holds a claim on it. */
import { type Codes, type Entity, parseCodes, type SourceShape } from "@nexus/catalog";
import { PROOF_CONNECTIONS } from "@nexus/shared/config";
import {
  connectionBroke,
  errorCode,
  inTransaction,
  mayPass,
  type Pool,
  readOnly,
  readSourceShape,
  serverOf,
  serverVersion,
  rowSecurityLike,
  urlOf,
  withPool,
} from "@nexus/shared/database";
import {
  claimProof,
  countLostSession,
  endProof,
  type HeldProof,
  openProof,
  readRelease,
  recordNeeds,
  recordVersions,
  renewProof,
  yieldProof,
} from "@nexus/shared/ledger";
import { failpoint } from "@nexus/shared/runtime";
import type { Deps } from "../deps.ts";
import { askAfterSettle } from "./after-settle.ts";
import { forecast } from "./forecast.ts";
import { needsOf } from "./needs.ts";
import type { Proving } from "./proving.ts";
import { readSoFar } from "./read-so-far.ts";
import { stepsOf } from "./select-entities.ts";
import type { TwinDeps, Twins } from "./twins.ts";
import { verify } from "./verify.ts";

/** The second bookkeeping. */
export interface Bookkeeping {
  readonly hasTwin: (entity: Entity) => boolean;
  readonly open: (deps: TwinDeps) => Promise<Twins>;
}

/** Milliseconds between two renewals of a claim. */
const RENEW_MS = 5_000;

/**
 * One look for a proof, one after a run among them. Returns the milliseconds until the next. One that cannot be done ends with a code; when a server is away, or this process
 * stops, it stays open, and whoever takes it begins it anew, unless its session on the target was lost too often.
 */
export async function prove(deps: Deps, books: Bookkeeping): Promise<number> {
  await askAfterSettle(deps.target);
  if ((await openProof(deps.target)) === undefined) return deps.settings.idleTickMs;
  const proof = await inTransaction(deps.target, claimProof);
  if (proof === undefined) return deps.settings.idleTickMs;
  const lost = new AbortController();
  const renewing = setInterval(() => void renew(deps, proof, lost), RENEW_MS);
  const signal = AbortSignal.any([deps.signal, lost.signal]);
  try {
    failpoint("proof.claimed");
    await carryOut({ ...deps, signal }, books, proof);
    failpoint("proof.compared");
    await inTransaction(deps.target, (tx) => endProof(tx, proof, null));
    deps.log.info({ proof: proof.id, kind: proof.kind }, "proof done");
  } catch (error) {
    await giveUp(deps, proof, error, lost.signal.aborted);
  } finally {
    clearInterval(renewing);
  }
  return 0;
}

/** Where the claim is lost, as when the proof was given up, what is under way for it ends: its statements, too. */
async function renew(
  { target, log }: Deps,
  proof: HeldProof,
  lost: AbortController,
): Promise<void> {
  try {
    if (!(await renewProof(target, proof))) lost.abort();
  } catch (error) {
    log.warn({ err: error, proof: proof.id }, "the claim on a proof was not renewed");
  }
}

/** `isLost`: the claim is. */
async function giveUp(
  deps: Deps,
  proof: HeldProof,
  error: unknown,
  isLost: boolean,
): Promise<void> {
  const { target, log, signal } = deps;
  if (isLost || errorCode(error) === "proof_over") {
    log.info({ proof: proof.id }, "the proof was given up, or is another extractor's");
    return;
  }
  if (signal.aborted || (mayPass(error) && !(await isLostAgain(target, proof, error)))) {
    await yieldProof(target, proof);
    throw error;
  }
  log.error({ err: error, proof: proof.id }, "proof failed");
  const code = endOf(error);
  await inTransaction(target, (tx) => endProof(tx, proof, code)).catch((over: unknown) => {
    if (errorCode(over) !== "proof_over") throw over;
  });
}

function endOf(error: unknown): string {
  const code = errorCode(error) ?? "defect";
  return mayPass(error) && !WITHOUT_MEMORY.test(code) ? "session_lost" : code;
}

/** The server had no memory left: it need not have ended the session. */
const WITHOUT_MEMORY = /^53/;

/** As often a proof may lose its session on the target: what ends it each time, a proxy perhaps, would do so for ever. */
const SESSIONS_LOST = 5;

/** Whether the error is that a session on the target broke, and was the last that may. */
async function isLostAgain(target: Pool, proof: HeldProof, error: unknown): Promise<boolean> {
  if (!connectionBroke(error) || serverOf(error) === "source") return false;
  return (await countLostSession(target, proof)) >= SESSIONS_LOST;
}

/** With connections of its own, while it lasts: a proof takes long, and a run goes on beside it. */
async function carryOut(deps: Deps, books: Bookkeeping, proof: HeldProof): Promise<void> {
  const { settings, signal, target } = deps;
  const own = { max: PROOF_CONNECTIONS, name: "nexus-proof", server: "source" } as const;
  await withPool({ ...own, url: urlOf(deps.legacy) }, async (legacy) => {
    rowSecurityLike(deps.legacy, legacy);
    const bounds = { statementMs: settings.legacyStatementMs, signal };
    const ask: Proving["ask"] = (question) => readOnly(legacy, question, bounds);
    const shape = await ask((tx) => readSourceShape(tx, settings.sourceRules?.LEGACY_TIMEZONE));
    await recordVersions(target, proof, {
      source: (await ask(serverVersion)).text,
      target: (await serverVersion(target)).text,
      release: readRelease(),
    });
    const codes = await codesOf(deps, proof);
    const steps = await stepsFor(deps, books, proof);
    const hasTwins = steps.some(({ status }) => status !== "without_twin");
    const encoding = {
      stored: settings.sourceRules?.LEGACY_ENCODING,
      unreadable: settings.unreadableText ?? "reject",
    };
    const given = { legacy, target, shape, codes, encoding, bounds };
    const twins = hasTwins ? await books.open(given) : NO_TWINS;
    try {
      const { admin, log } = deps;
      const proving = { proof, twins, ask, target, signal, admin, log, keepsKey: keeping(shape) };
      await (proof.kind === "forecast" ? forecast : verify)(proving, steps);
      if (proof.kind === "forecast") await recordNeeds(target, proof, await needsOf(deps, ask));
    } finally {
      await twins.close();
    }
  });
}

/** Where no entity that is asked for has a twin, nothing is expected of any. */
const NO_TWINS: Twins = {
  expecting: () => Promise.reject(new Error("there is no twin")),
  keep: () => Promise.reject(new Error("there is no twin")),
  named: () => Promise.reject(new Error("there is no twin")),
  close: () => Promise.resolve(),
};

function keeping(shape: SourceShape): Proving["keepsKey"] {
  return ({ source }) => source.keepsKey?.(shape) ?? true;
}

/** Codes as the next run would have them, or as the newest had. */
async function codesOf({ target }: Deps, { asked }: HeldProof): Promise<Codes> {
  if (asked.codes !== null) return parseCodes(JSON.parse(asked.codes));
  const found = await target.query<{ codes: string }>(
    `select codes::text as codes from migration.runs order by id desc limit 1`,
  );
  return parseCodes(JSON.parse(found.rows[0]?.codes ?? "{}"));
}

async function stepsFor({ target, entities }: Deps, { hasTwin }: Bookkeeping, proof: HeldProof) {
  const read = await readSoFar(target);
  const isUnread = ({ name }: Entity): boolean => proof.kind === "verification" && !read.has(name);
  return stepsOf(entities, proof.asked.entities, hasTwin, isUnread);
}
