/** Troubles of servers and of what leads to them. */
import type { Dice } from "../dice.ts";
import { among, type Kind, type Stage, type Trouble } from "./trouble.ts";
import { ROLES } from "./world.ts";

const SIDES = ["source", "target"] as const;
const LINES = ["source", "target", "queue"] as const;

async function endSessions({ db }: Stage, side: (typeof SIDES)[number], name = "%"): Promise<void> {
  await db.query(
    `select pg_terminate_backend(pid) from pg_stat_activity
     where datname = current_database() and usename = $1 and application_name like $2`,
    [ROLES[side], `nexus-${name}`],
  );
}

export const terminate: Kind = (dice) => {
  const side = dice.oneOf(SIDES);
  const name = dice.oneOf(["loader", "extractor", "%"]);
  return {
    says: `sessions in the ${side} are terminated (${name})`,
    strike: (stage) => endSessions(stage, side, name),
  };
};

export const refusedLogin = (
  side: (typeof SIDES)[number],
): Trouble & Required<Pick<Trouble, "mend">> => ({
  says: `logins to the ${side} are refused, and its sessions terminated`,
  strike: async (stage) => {
    await stage.db.query(`alter role ${ROLES[side]} nologin`);
    await endSessions(stage, side);
  },
  mend: async ({ db }) => void (await db.query(`alter role ${ROLES[side]} login`)),
});

export const refuseLogins: Kind = (dice) => refusedLogin(dice.oneOf(SIDES));

export const fewConnections: Kind = (dice) => {
  const limit = dice.upTo(3) - 1;
  return {
    says: `the source lets its reader have ${limit} connections`,
    strike: async (stage) => {
      await stage.db.query(`alter role ${ROLES.source} connection limit ${limit}`);
      await endSessions(stage, "source");
    },
    mend: async ({ db }) => void (await db.query(`alter role ${ROLES.source} connection limit -1`)),
  };
};

export const cutLine = (
  side: (typeof LINES)[number],
): Trouble & Required<Pick<Trouble, "mend">> => ({
  says: `the line to the ${side} is cut`,
  strike: ({ lines }) => lines[side].cut(),
  mend: ({ lines }) => lines[side].mend(),
});

export const cut: Kind = (dice) => cutLine(dice.oneOf(LINES));

export const reset: Kind = (dice) => {
  const side = dice.oneOf(LINES);
  return {
    says: `connections to the ${side} are reset`,
    strike: async ({ lines }) => lines[side].reset(),
  };
};

export const halfOpen: Kind = (dice) => {
  const side = dice.oneOf(LINES);
  return {
    says: `connections to the ${side} stay open and carry nothing any more`,
    strike: async ({ lines }) => void lines[side].swallow(),
  };
};

export const flushQueue: Kind = () => ({ says: "FLUSHALL", strike: ({ redis }) => redis.flush() });

export const crashQueue: Kind = () => ({
  says: "Redis crashes, and keeps nothing",
  strike: async ({ redis }) => {
    await redis.kill();
    await redis.restart();
  },
});

export const crashDatabase: Kind = () => ({
  says: "PostgreSQL crashes",
  strike: async ({ postgres }) => {
    await postgres.kill();
    await postgres.restart();
  },
});

const SOURCE_TABLES = [
  "dispatch_office",
  "auth_user",
  "dispatch_patient",
  "dispatch_project",
  "dispatch_state",
] as const;
const LOCKED = [
  ...SOURCE_TABLES.map((table) => `legacy.${table}`),
  "public.practices",
  "public.profiles",
  "public.cases",
  "public.projects",
  "migration.batches",
  "migration.content_events",
] as const;

/** A lock is held by a session of the test, which may end with the server. */
export const lockedTable = (
  table: string,
  mode: string,
): Trouble & Required<Pick<Trouble, "mend">> => {
  let give: (() => void) | undefined;
  return {
    says: `${table} is locked (${mode})`,
    strike: async ({ db }) => {
      const client = await db.connect();
      give = () => client.release(true);
      await client.query(`begin; lock table ${table} in ${mode} mode`);
    },
    mend: async () => give?.(),
  };
};

export const lock: Kind = (dice) => {
  const table = among<string>(dice, LOCKED);
  const mode = table.startsWith("legacy")
    ? "access exclusive"
    : dice.oneOf(["share", "access exclusive"]);
  return lockedTable(table, mode);
};

export function aSourceTable(dice: Dice): string {
  return dice.oneOf(SOURCE_TABLES);
}
