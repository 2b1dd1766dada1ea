/** Troubles of rows: those that the target refuses, those that are huge, those that change while they are moved. */
import { entities, type Entity, entityNamed } from "@nexus/catalog";
import { mutate } from "@nexus/local/sample";
import type { Dice } from "../dice.ts";
import { makeFloor } from "../../beside-the-floor.ts";
import { among, type Kind, type Lasting, type Stage, type Trouble } from "./trouble.ts";

/** Raises what its arguments say: code, key column, keys with commas between them (none: every row). */
const RAISE = `
  create schema if not exists chaos;
  create or replace function chaos.raise() returns trigger language plpgsql as $$ begin
    if tg_argv[2] <> '' and not ((to_jsonb(new) ->> tg_argv[1]) = any (string_to_array(tg_argv[2], ','))) then return new; end if;
    if tg_argv[0] = 'terminate' then perform pg_terminate_backend(pg_backend_pid()); return new; end if;
    raise exception 'trouble' using errcode = tg_argv[0];
  end $$;`;

type Mended = Trouble & Required<Pick<Trouble, "mend">>;
type When = "before" | "at commit";

let triggers = 0;

/** A trigger on a table, for some keys or for every row. */
function raising(
  says: string,
  table: string,
  code: string,
  keyColumn: string,
  when: When = "before",
) {
  const name = `chaos_${(triggers += 1)}`;
  return {
    says,
    strike: async ({ db }: Stage, keys: readonly number[] = []): Promise<void> => {
      await db.query(RAISE);
      const made =
        when === "before"
          ? `create trigger ${name} before insert or update on ${table} for each row`
          : `create constraint trigger ${name} after insert or update on ${table} deferrable initially deferred for each row`;
      await db.query(
        `${made} execute function chaos.raise('${code}', '${keyColumn}', '${keys.join(",")}')`,
      );
    },
    mend: async ({ db }: Stage): Promise<void> =>
      void (await db.query(`drop trigger if exists ${name} on ${table}`)),
  };
}

function anEntity(dice: Dice): Entity {
  return among(dice, entities);
}

const WRITTEN = ["migration.batches", "migration.content_events", "migration.exceptions"] as const;

/** A condition of the server, wherever a table is written: a full disk, no memory, a standby, an error of its disk. */
export function serverCondition(dice: Dice, code: string): Mended {
  const table = dice.upTo(3) === 1 ? dice.oneOf(WRITTEN) : `public.${anEntity(dice).target.table}`;
  return raising(`writing ${table} fails with ${code}`, table, code, "id");
}

const CONDITIONS = ["53100", "53100", "53200", "53300", "25006", "57P03", "58030"] as const;

export const condition: Kind = (dice) => serverCondition(dice, dice.oneOf(CONDITIONS));

const REFUSALS = ["22P02", "23514", "P0001", "54000", "22021", "terminate"] as const;

/** One or two rows of an entity are refused by the target: chosen by their place, wherever their keys are. */
export const poison: Kind = (dice) => {
  const { name: entity, target } = anEntity(dice);
  const code = dice.oneOf(REFUSALS);
  const when = code !== "terminate" && dice.upTo(4) === 1 ? "at commit" : "before";
  const places = Array.from({ length: dice.upTo(2) }, () => dice.upTo(1_000));
  const says = `rows ${places.join(" and ")} of ${entity} are refused with ${code} (${when})`;
  const { strike, mend } = raising(says, `public.${target.table}`, code, target.key, when);
  return {
    says,
    strike: async (stage) => {
      const { rows } = await stage.db.query<{ key: number }>(
        `select distinct keys[1 + place % cardinality(keys)] as key
         from (select array_agg(${target.key} order by ${target.key}) as keys from floor.${target.table}) k, unnest($1::integer[]) as place`,
        [places],
      );
      const keys = rows.map(({ key }) => key);
      await strike(stage, keys);
      const reason = code === "terminate" ? /^breaks_connection$/ : /./;
      for (const key of keys)
        stage.done.poisoned.push({ entity, key, reason, early: stage.runId === 0 });
    },
    mend,
  };
};

/** Entities of which more rows than the limit of losses are refused, when all are. */
const LARGE = ["profiles", "patients", "cases", "projects", "case_states"] as const;

/** Every row of an entity is refused: the run stops, with the reason. If hardly any is left to be written, these are lost. */
export function poisonAll(dice: Dice, code: string): Lasting {
  const entity = dice.oneOf(LARGE);
  const { target } = entityNamed(entities, entity);
  const says = `every row of ${entity} is refused with ${code}`;
  const reason =
    code === "terminate"
      ? new RegExp(`^failed batch of ${entity} breaks_connection$`)
      : new RegExp(`^${entity} unforeseen_losses$`);
  const { strike, mend } = raising(says, `public.${target.table}`, code, target.key);
  return {
    says,
    strike: async (stage) => {
      await strike(stage);
      const { rows } = await stage.db.query<{ key: number }>(
        `select ${target.key} as key from floor.${target.table}`,
      );
      for (const { key } of rows)
        stage.done.poisoned.push({ entity, key, reason: /./, early: false });
    },
    mend,
    reason,
    finding: /^entity_blocked$/,
  };
}

/** Said before the source changes. What it was between two changes may be what a loader has read. */
async function sourceChanges({ postgres, hastyUrl, done }: Stage): Promise<void> {
  if (done.sourceChanged) {
    const schema = `floor_between_${done.floorsBetween.length + 1}`;
    await makeFloor(postgres, hastyUrl, schema);
    done.floorsBetween.push(schema);
  }
  done.sourceChanged = true;
}

/** Notes of some orders into which documents were pasted. Beyond 8 MiB the loaders of a round refuse a row. */
export const hugeRows: Kind = (dice) => {
  const megabytes = dice.oneOf([1, 3, 10]);
  const places = Array.from({ length: dice.upTo(2) }, () => dice.upTo(1_000));
  return {
    says: `orders ${places.join(", ")} have notes of ${megabytes} MB`,
    strike: async (stage) => {
      await sourceChanges(stage);
      await stage.db.query(
        `update legacy.dispatch_instruction set notes = repeat(md5(id::text), $2 * 32768)
         where id in (select keys[1 + place % cardinality(keys)] from unnest($1::integer[]) as place,
           (select array_agg(distinct instruction_id order by instruction_id) as keys from legacy.dispatch_plan) k)`,
        [places, megabytes],
      );
    },
  };
};

export const changingSource: Kind = (dice) => {
  const seed = dice.upTo(1_000);
  const share = dice.oneOf([0.01, 0.05]);
  return {
    says: `${share * 100} % of the source change, come and go (seed ${seed})`,
    strike: async (stage) => {
      await sourceChanges(stage);
      await mutate({ url: stage.hastyUrl, seed, share, shape: "real", schema: "legacy" });
    },
  };
};

export const movingPatients: Kind = (dice) => {
  const [every, rest] = [dice.upTo(5) + 1, dice.upTo(5)];
  return {
    says: `every ${every}th patient of the source moves to another office`,
    strike: async (stage) => {
      await sourceChanges(stage);
      stage.done.moves += 1;
      await stage.db.query(
        `update legacy.dispatch_patient p set office_id = (select id from legacy.dispatch_office where id is distinct from p.office_id
           order by id offset $2 % 4 limit 1) where id % $1 = $2 % $1`,
        [every, rest],
      );
    },
  };
};

export const movingByHand: Kind = (dice) => {
  const [table, key] = dice.oneOf([
    ["patients", "legacy_id"],
    ["cases", "legacy_project_id"],
  ] as const);
  const every = dice.upTo(5);
  return {
    says: `every ${every}th row of ${table} is moved to another practice in the target, by hand`,
    strike: async ({ db, done }) => {
      done.movedByHand = true;
      await db.query(
        `update public.${table} t set practice_id = (select id from public.practices where id is distinct from t.practice_id
           order by legacy_id limit 1) where ${key} % $1 = 0`,
        [every],
      );
    },
  };
};

/** A table of the source is renamed under the run. */
export function renamedTable(table: string): Lasting {
  return {
    says: `${table} of the source is renamed`,
    strike: async ({ db }) =>
      void (await db.query(`alter table legacy.${table} rename to ${table}_away`)),
    mend: async ({ db }) =>
      void (await db.query(`alter table legacy.${table}_away rename to ${table}`)),
    reason: /42P01/,
    finding: /^(source_refuses|legacy_unfit)$/,
  };
}
