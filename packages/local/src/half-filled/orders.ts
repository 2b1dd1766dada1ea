/** The cases and projects of a half-filled target: half of the source's projects, a case and a project each. */
import { type Account, type Match, nothing } from "./account.ts";
import type { Lots } from "./lots.ts";
import type { Order } from "./source.ts";
import type { Shape } from "../sample/script.ts";

interface CaseRow {
  readonly id: string;
  readonly legacy_project_id: number | null;
  readonly practice_id: string | null;
  readonly case_number: string;
  readonly title: string;
  readonly metadata: Readonly<Record<string, unknown>>;
}

interface ProjectRow {
  readonly id: string;
  readonly legacy_project_id: number | null;
  readonly case_id: string;
  readonly name: string;
  readonly creator_id: string | null;
  readonly metadata: Readonly<Record<string, unknown>>;
}

/** What may belong to whom. */
export interface Others {
  readonly practices: readonly string[];
  readonly profiles: readonly string[];
}

/** How the tool kept hold of a project: by its key, by its uid, or, of its case, by the number that the mapping would make. */
type Hold = "key" | "uid" | "number";

interface Made {
  readonly cases: CaseRow[];
  readonly projects: ProjectRow[];
}

export function fillOrders(
  orders: readonly Order[],
  others: Others,
  { shape, lots }: { shape: Shape; lots: Lots },
): Made & { account: { cases: Account; projects: Account } } {
  const count = Math.round(orders.length / 2);
  const few = Math.max(1, Math.round(count / 100));
  const chosen = lots.shuffled("order", orders).slice(0, count - few * 2);
  const made: Made = { cases: [], projects: [] };
  const make = (order: Order, hold: Hold) => makeOrder(made, order, hold, { others, lots });
  const twins = chosen
    .slice(0, few)
    .map((order) => ({ order, ids: [make(order, "uid"), make(order, "uid")] }));
  const plain = chosen.slice(few).map((order, n) => {
    const hold = holdOf(lots.draw("hold", n));
    return { order, hold, ids: make(order, hold) };
  });
  const foreign = Array.from({ length: few }, (_, n) => make(nobodys(n, shape, lots), "uid"));
  const keyOf = (entity: Entity, { id, uid }: Order): number =>
    entity === "projects" && typeof uid === "number" ? uid : id;
  const account = (entity: Entity): Account => ({
    ...nothing,
    rows: made[entity].length,
    byKey: plain.filter(({ hold }) => hold === "key").map((one) => matchIn(entity, one, keyOf)),
    byNature: plain.filter(({ hold }) => hold !== "key").map((one) => matchIn(entity, one, keyOf)),
    duplicates: twins.map(({ order, ids }) => ({
      legacyKey: keyOf(entity, order),
      ids: ids.map((id) => id[entity]),
    })),
    foreign: foreign.map((id) => id[entity]),
  });
  return { ...made, account: { cases: account("cases"), projects: account("projects") } };
}

type Entity = "cases" | "projects";
type Ids = Readonly<Record<Entity, string>>;

function matchIn(
  entity: Entity,
  { order, ids }: { order: Order; ids: Ids },
  keyOf: (entity: Entity, order: Order) => number,
): Match {
  return { id: ids[entity], legacyKey: keyOf(entity, order) };
}

function holdOf(lot: number): Hold {
  if (lot < 0.5) return "key";
  return lot < 0.9 ? "uid" : "number";
}

/** A case and its project. A project whose case is held by its number is held by its uid. */
function makeOrder(
  { cases, projects }: Made,
  { id, uid, name }: Order,
  hold: Hold,
  { others, lots }: { others: Others; lots: Lots },
): Ids {
  const n = cases.length;
  const belongsTo = (what: string, to: readonly string[]): string | null =>
    to[Math.floor(lots.draw(what, n) * to.length * 2)] ?? null;
  const ids = { cases: lots.id("case", n), projects: lots.id("project", n) };
  const ours = hold === "number" || (hold === "key" && n % 2 === 0);
  cases.push({
    id: ids.cases,
    legacy_project_id: hold === "key" ? id : null,
    practice_id: belongsTo("practice of a case", others.practices),
    case_number: ours ? `CASE-${String(id).padStart(6, "0")}` : `SYNC-${n}`,
    title: name,
    metadata: hold === "uid" ? { uid } : {},
  });
  projects.push({
    id: ids.projects,
    legacy_project_id: hold === "key" ? id : null,
    case_id: ids.cases,
    name,
    creator_id: belongsTo("creator", others.profiles),
    metadata: hold === "key" ? {} : { uid },
  });
  return ids;
}

/** A project that the source has not. */
function nobodys(n: number, shape: Shape, lots: Lots): Order {
  const uid = shape === "real" ? lots.id("foreign uid", n) : 2_000_000_000 + n;
  return { id: 0, uid, name: `Trial ${n}`, creator_id: null };
}
