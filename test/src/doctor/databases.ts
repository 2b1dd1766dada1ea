/** Situations in which a database is not fit, or somebody is in the way. */
import { freePort, freshDatabase, freshLogin } from "@nexus/shared/testing";
import { expect } from "vitest";
import { hold } from "../chaos/hold.ts";
import { onOffer, type Situation } from "./situation.ts";
import { found } from "./ward.ts";

export const databases: readonly Situation[] = [
  {
    name: "the target was never migrated",
    prepare: async (_, context) => ({ TARGET_URL: await freshDatabase(context) }),
    wrong: ["target_unfit"],
    says: /the target is not migrated: run `npm run nexus migrate`/,
    next: /do what it says/,
  },
  {
    name: "the ledger is of another role",
    prepare: async ({ env }, context) => ({
      TARGET_URL: (await freshLogin(context, env["TARGET_URL"] ?? "")).href,
    }),
    wrong: ["target_unfit"],
    says: /schema migration belongs to role \w+, and nexus_login_\w+ may not read it: connect as/,
    next: /do what it says/,
  },
  {
    name: "the target's URL leads to a transaction pooler",
    prepare: async ({ env }) => {
      const url = new URL(env["TARGET_URL"] ?? "");
      url.port = "6543";
      return { TARGET_URL: url.href };
    },
    wrong: ["variable_wrong"],
    says: /^TARGET_URL uses port 6543, Supabase's transaction mode/,
    next: /^correct TARGET_URL$/,
  },
  {
    name: "the target does not answer",
    prepare: async () => ({
      TARGET_URL: `postgres://u:s3cret@127.0.0.1:${await freePort()}/target`,
    }),
    wrong: ["target_unreachable"],
    says: /^TARGET_URL \(127\.0\.0\.1:\d+\/target\): cannot be reached \(ECONNREFUSED\)/,
    next: /^mend that first/,
  },
  {
    name: "the target refuses the login, and the source another one",
    prepare: async ({ target, env }, context) => {
      const [here, there] = [
        await freshLogin(context, env["TARGET_URL"] ?? ""),
        await freshLogin(context, env["LEGACY_URL"] ?? ""),
      ];
      await target.query(
        `alter role ${here.username} nologin; alter role ${there.username} nologin`,
      );
      return { TARGET_URL: here.href, LEGACY_URL: there.href };
    },
    wrong: ["legacy_unreachable", "target_unreachable"],
    says: /^TARGET_URL \(.+\): the server refuses this user \(28000\)/,
    next: /^mend that first/,
  },
  {
    name: "the role of the source lacks SELECT on a table",
    prepare: async ({ legacy, env }, context) => {
      const login = await freshLogin(context, env["LEGACY_URL"] ?? "");
      await legacy.query(
        `grant select on all tables in schema public to ${login.username}; revoke select on dispatch_office from ${login.username}`,
      );
      return { LEGACY_URL: login.href };
    },
    wrong: ["legacy_unfit"],
    says: /run "grant select on public\.dispatch_office to nexus_login_\w+"$/,
    next: /do what it says/,
  },
  {
    name: "triggers were switched off, and with them foreign keys",
    prepare: async ({ target }) =>
      void (await target.query("alter table public.cases disable trigger all")),
    wrong: ["target_unfit"],
    says: /triggers of public\.cases are switched off: run "alter table public\.cases enable trigger all"/,
    next: /do what it says/,
  },
  {
    name: "a constraint was never validated",
    prepare: async ({ target }) =>
      void (await target.query(
        "alter table public.cases add constraint short check (length(title) < 9) not valid",
      )),
    wrong: ["target_unfit"],
    says: /constraint short of public\.cases is not validated/,
    next: /do what it says/,
  },
  {
    name: "a view shows the patients of all practices to everybody",
    prepare: async ({ target }) =>
      void (await target.query(
        "create view public.patient_list as select first_name from public.patients; grant select on public.patient_list to public",
      )),
    wrong: ["target_unfit"],
    says: /view public\.patient_list shows public\.patients of all practices to everybody.*: run "alter view public\.patient_list set \(security_invoker = true\)"/,
    next: /do what it says/,
  },
  {
    name: "a session has locked a table of the target",
    prepare: async ({ target }) =>
      void (await hold(target, "lock table public.patients in access exclusive mode")),
    wrong: ["table_locked", "target_unreachable"],
    says: /^session \d+ \(psql, idle in transaction, in a transaction for \d+ s\) holds a lock on public\.patients; sessions that wait for it: 0$/,
    next: /pg_terminate_backend\(\d+\)/,
  },
  {
    name: "a session that idles in a transaction holds rows that a loader waits for",
    prepare: async (ward) => {
      await ward.start("extractor");
      await ward.nexus("start --entities practices");
      await onOffer(ward);
      await hold(ward.target, "select from migration.batches for update");
      await ward.start("loader");
      await found(
        ward.target,
        "select from pg_stat_activity where application_name = 'nexus-loader' and wait_event_type = 'Lock'",
      );
    },
    wrong: ["table_locked"],
    says: /^session \d+ \(psql, .*holds a lock on migration\.batches; sessions that wait for it: [1-9]/,
    next: /pg_terminate_backend\(\d+\)/,
  },
  {
    name: "the target's disk is full, and a run waits for it",
    prepare: async (ward) => {
      const [loader] = await Promise.all([
        ward.start("loader", { METRICS_PORT: "0" }),
        ward.start("extractor"),
      ]);
      await ward.target.query(
        `create function public.full() returns trigger language plpgsql as $$ begin raise exception 'full' using errcode = '53100'; end $$;
         create trigger full_disk before insert on public.practices for each row execute function public.full()`,
      );
      await ward.nexus("start --entities practices");
      await found(ward.target, "select from migration.holds where code = '53100'");
      const { output } = await ward.nexus("status --once");
      expect(output).toMatch(
        /^limited by target: the target holds the run up, .*: its disk is full \(53100\)/m,
      );
      const { metricsPort } = await loader.waitForLine({ msg: "ready" });
      const ready = await fetch(`http://127.0.0.1:${String(metricsPort)}/readyz`);
      expect([ready.status, await ready.json()]).toEqual([
        503,
        { source: "ok", target: "unavailable", queue: "ok" },
      ]);
    },
    wrong: ["target_refuses"],
    says: /^the target holds the run up, for \d+ s so far: its disk is full \(53100\)$/,
    next: /^free space there; no attempt is spent, and the run goes on by itself/,
  },
  {
    name: "the source stalls: somebody has locked a table of it",
    prepare: async (ward) => {
      await Promise.all([ward.start("extractor"), ward.start("loader")]);
      await hold(ward.legacy, "lock table dispatch_office in access exclusive mode");
      await ward.nexus("start --entities practices");
      await found(
        ward.legacy,
        "select from pg_stat_activity where application_name like 'nexus-%' and wait_event_type = 'Lock' and query_start < now() - interval '5 s'",
      );
    },
    wrong: ["source_locked", "source_slow"],
    says: /^session \d+ \(psql\) keeps every reader out of dispatch_office; sessions that wait for it: [1-9]/,
    next: /pg_terminate_backend\(\d+\)/,
  },
];
