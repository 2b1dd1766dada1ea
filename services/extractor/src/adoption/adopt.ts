/** The story of an adoption: what an operator asked for is found out and written, entity by entity, parents first. */
import { type Entity, parseCodes } from "@nexus/catalog";
import { type Changes, readSourceShape } from "@nexus/shared/database";
import {
  type Adoption,
  countStrangers,
  endOpen,
  idNamespace,
  leaveStrangers,
  openAdoption,
  recordAudit,
  voidFingerprints,
} from "@nexus/shared/ledger";
import { failpoint } from "@nexus/shared/runtime";
import { carryOutAsked, whileOpen } from "../asked-work.ts";
import type { Deps } from "../deps.ts";
import { foresee } from "./foresee.ts";
import type { Future } from "./future.ts";
import { type Clues, idsOf, recognise, type Recognised } from "./recognise.ts";
import { asked, countChildren, recordEntity, type Told, undo, writeKeys } from "./write.ts";

/** One look for an adoption. Returns the milliseconds until the next. One that cannot be done ends with a code; a server that is away is waited for. */
export async function adopt(deps: Deps): Promise<number> {
  const adoption = await openAdoption(deps.target);
  if (adoption === undefined) return deps.settings.idleTickMs;
  await carryOutAsked(deps, asked(adoption), async () => {
    await carryOut(deps, adoption);
    deps.log.info({ adoption: adoption.id, kind: adoption.kind }, "adoption done");
  });
  return 0;
}

async function carryOut(deps: Deps, adoption: Adoption): Promise<void> {
  if (adoption.kind === "undo") await undo(deps, adoption, deps.entities);
  else await recogniseAll(deps, adoption);
  await whileOpen(deps, asked(adoption), async (tx) => {
    const { actor } = adoption;
    const reason = adoption.asked.leaveStrangers;
    if (adoption.kind === "adopt" && reason !== null) {
      const left = (await countStrangers(tx, deps.entities)).filter(({ rows }) => rows > 0);
      await leaveStrangers(tx, left, { actor, reason });
      for (const { entity, rows } of left)
        await recordAudit(
          tx,
          { actor, reason },
          { action: "leave_strangers", runId: null, entity, details: { rows } },
        );
    }
    await endOpen(tx, "adoptions", adoption.id, null);
    failpoint("adopt.ending");
  });
}

/** What was done before this process is not done again. */
async function recogniseAll(deps: Deps, adoption: Adoption): Promise<void> {
  const done = await entitiesDone(deps, adoption);
  const clues = await cluesOf(deps, adoption);
  const matched = new Map<string, ReadonlyMap<string, number>>();
  const future = futureOf(deps, clues);
  for (const [position, entity] of deps.entities.entries()) {
    if (done.has(entity.name)) continue;
    const recognised = (await recognise(deps, entity, clues, matched)) ?? nobodyIn(entity);
    failpoint("adopt.recognised");
    let changes: Changes | null = null;
    if (adoption.kind === "plan") {
      matched.set(entity.name, idsOf(recognised));
      changes = await foresee(future, entity, recognised.matches);
    } else await writeKeys(deps, adoption, recognised);
    failpoint("adopt.written");
    await record(deps, adoption, { ...recognised, changes }, position);
  }
}

function futureOf(deps: Deps, { asked, shape, namespaces: [namespace = ""] }: Clues): Future {
  const codes = parseCodes(JSON.parse(asked.codes));
  return { deps, shape, codes, namespace, adopted: new Map(), parents: new Map() };
}

/** No stranger is left: there was none, or all were adopted before this process. */
function nobodyIn(entity: Entity): Recognised {
  return { entity, strangers: 0, matches: [], left: [], places: [] };
}

async function record(
  deps: Deps,
  adoption: Adoption,
  recognised: Told,
  position: number,
): Promise<void> {
  await whileOpen(deps, asked(adoption), async (tx) => {
    if ((await entitiesDone(deps, adoption, tx)).has(recognised.entity.name)) return;
    await recordEntity(tx, adoption, recognised, position);
    // An adopted row is to be brought up to date by the next run, even by a delta.
    if (adoption.kind === "adopt") await voidFingerprints(tx, [recognised.entity.name]);
    await countChildren(tx, adoption, recognised.entity, deps.entities);
    failpoint("adopt.recorded");
  });
}

async function entitiesDone(
  { target }: Deps,
  { id }: Adoption,
  db: Pick<Deps["target"], "query"> = target,
): Promise<ReadonlySet<Entity["name"]>> {
  const found = await db.query<{ entity: string }>(
    `select entity from migration.adoption_entities where adoption_id = $1`,
    [id],
  );
  return new Set(found.rows.map(({ entity }) => entity));
}

async function cluesOf(deps: Deps, { asked }: Adoption): Promise<Clues> {
  const ours = await idNamespace(deps.target);
  const namespaces = [ours, asked.namespace].filter((one) => typeof one === "string");
  // Times without a zone are read as a run reads them.
  const zone = deps.settings.sourceRules?.LEGACY_TIMEZONE;
  return { asked, namespaces, shape: await readSourceShape(deps.legacy, zone) };
}
