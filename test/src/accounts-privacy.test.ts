/**
 * No address, password hash or key is found anywhere but in the source, in the profiles and at Supabase Auth, while accounts are made, people
 * are invited and all of it is verified, and Supabase Auth quotes what it was sent in whatever it refuses.
 */
import { type AuthServer, authEnvironment, SERVICE_ROLE_KEY, startAuth } from "@nexus/local/auth";
import { type CollectorServer, startCollector } from "@nexus/local/collector";
import { withPool } from "@nexus/shared/database";
import { eventually, mostReal, type RunningStack, stacks } from "@nexus/shared/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { accountsSettled } from "./auth-accounts.ts";
import { canariesIn, contentsOf } from "./canaries.ts";
import { embedded } from "./embedded-stack.ts";
import { type Journey, openJourney } from "./journey.ts";

/** In every hash that can be imported: its alphabet has no hyphen. */
const HASH = "MarkedHashOfNobody";

/** Of which addresses are marked, and hashes in all of Django's forms. */
const MARKED = `update auth_user set is_active = true, email = 'CANARY-9' || id || '@clinic.example',
  password = case id % 3 when 0 then 'bcrypt$$2b$12$' || rpad('${HASH}', 53, 'a')
    when 1 then 'argon2$argon2id$v=19$m=102400,t=2,p=8$c2FsdHNhbHQ$${HASH}aa'
    else 'pbkdf2_sha256$260000$${HASH}$aGFzaA==' end
  where id in (select id from auth_user order by id limit 60)`;

/** What must not be told: markers, hashes, the key. */
function secretsIn(text: string): string[] {
  const others = [HASH, SERVICE_ROLE_KEY].filter((secret) => text.includes(secret));
  return [...canariesIn(text), ...others];
}

const STUMBLING: Parameters<typeof startAuth>[0] = {
  echoes: true,
  mailPauseMs: 0,
  lateMs: 20,
  faults: {
    create: [
      { fault: "database-error", calls: 2 },
      { fault: "over-limit", calls: 1 },
      { fault: "not-admin", calls: 1 },
      { fault: "done-but-reset", calls: 2 },
      { fault: "done-but-malformed", calls: 1 },
      { fault: "bad-gateway", calls: 1 },
    ],
    get: [
      { fault: "none", calls: 3 },
      { fault: "timed-out", calls: 2 },
    ],
    recover: [
      { fault: "database-error", calls: 2 },
      { fault: "done-but-silent", calls: 1 },
      { fault: "reset", calls: 1 },
    ],
    list: [
      { fault: "over-limit", calls: 1 },
      { fault: "done-but-malformed", calls: 1 },
    ],
  },
};

describe.each(mostReal(stacks([embedded])))(
  "markers in addresses and hashes, on $name",
  (stack) => {
    let auth: AuthServer;
    let collector: CollectorServer;
    let journey: Journey;
    const inQueue: string[] = [];
    const answers: string[] = [];
    const metrics: string[] = [];

    beforeAll(async () => {
      [auth, collector] = [await startAuth(STUMBLING), await startCollector()];
      journey = await openJourney(stack, {
        sample: { scale: 0.01, markers: "canaries", marked: 5 },
        env: {
          LOG_LEVEL: "trace",
          API_PORT: "0",
          METRICS_PORT: "0",
          OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
          ...authEnvironment(auth.url),
          SUPABASE_TIMEOUT_MS: "300",
          INVITATIONS_PER_MINUTE: "10000",
        },
        prepare: mark,
      });
      await journey.start("api");
      const runId = await journey.begin({ accounts: true });
      await journey.completed(runId);
      inQueue.push(await queueOf(journey.stack));
      await accountsSettled(journey, runId);
      await invite();
      await verify();
      await Promise.all(PATHS.map((path) => ask(path)));
      await ask("evidence", { list: true });
      metrics.push(await scraped());
      inQueue.push(await queueOf(journey.stack));
      for (const service of journey.services) await service.kill("SIGTERM");
    });
    afterAll(async () => {
      await journey?.close();
      await Promise.all([auth?.close(), collector?.close()]);
    });

    it("are at Supabase Auth, and were in what it refused", () => {
      const told = JSON.stringify(auth.users());
      expect(canariesIn(told).length).toBeGreaterThan(30);
      expect(told).toContain(HASH);
      expect(auth.mails().length).toBeGreaterThan(10);
      for (const operation of ["create", "recover", "list", "get"] as const)
        expect(auth.calls(operation), operation).toBeGreaterThan(1);
    });

    it("are in no line that a service wrote", () => {
      const output = journey.services.map((service) => service.output()).join("\n");
      expect(output).toContain('"level":"debug"');
      expect(output).toContain("an invitation was not answered");
      expect(secretsIn(output)).toEqual([]);
    });

    it("are in no column of the ledger", async () => {
      const ledger = await contentsOf(journey.target, "migration");
      expect(ledger).toContain("migration.account_invitations");
      expect(ledger).toContain("password_pbkdf2");
      expect(secretsIn(ledger)).toEqual([]);
    });

    it("are in no job, answer, metric or span", () => {
      expect(secretsIn(inQueue.join("\n"))).toEqual([]);
      expect(answers.join("\n")).toContain('"unsure"');
      expect(secretsIn(answers.join("\n"))).toEqual([]);
      expect(metrics.join("\n")).toContain("nexus_account");
      expect(secretsIn(metrics.join("\n"))).toEqual([]);
      expect(collector.spans().length).toBeGreaterThan(10);
      expect(secretsIn(inJson(collector.spans()))).toEqual([]);
    });

    it("are not in the log of the target's server", (context) => {
      const log = journey.stack.database?.log?.() ?? context.skip("the server is not ours");
      expect(secretsIn(log)).toEqual([]);
    });

    async function invite(): Promise<void> {
      await ask("accounts/invitations", { method: "recovery" });
      await eventually(() => ask("accounts/invitations"), {
        until: (view) => !/"(due|sending)":\d/.test(view),
        within: 60_000,
        every: 500, // The API limits how often it is asked.
      });
    }

    async function verify(): Promise<void> {
      await ask("verifications", { entities: ["profiles"] });
      const view = await eventually(() => ask("verifications/1"), {
        until: (found) => !found.includes('"open"'),
        within: 60_000,
        every: 500,
      });
      expect(view).toContain('"unverified":null');
    }

    async function ask(path: string, body?: object): Promise<string> {
      const url = new URL(path, `http://127.0.0.1:${await portOf("api")}/v1/`);
      const answer = await fetch(url, {
        ...(body !== undefined && {
          method: "POST",
          body: JSON.stringify(body),
          headers: { "content-type": "application/json" },
        }),
      });
      const text = await answer.text();
      answers.push(text);
      return text;
    }

    async function portOf(name: string): Promise<string> {
      const service = journey.services.find((one) => one.name === name);
      return String((await service?.waitForLine({ msg: "ready" }))?.["port"]);
    }

    async function scraped(): Promise<string> {
      const texts = ["api", "loader", "extractor"].map(async (name) => {
        const service = journey.services.find((one) => one.name === name);
        const ready = await service?.waitForLine({ msg: "ready" });
        const port = String(ready?.["metricsPort"]);
        return await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
      });
      return (await Promise.all(texts)).join("\n");
    }
  },
);

/** With instants in nanoseconds, too. */
function inJson(spans: unknown): string {
  return JSON.stringify(spans, (_, value: unknown) =>
    typeof value === "bigint" ? String(value) : value,
  );
}

const PATHS = [
  "progress",
  "accounts",
  "accounts/exceptions?limit=1000",
  "accounts/invitations?limit=1000",
  "entities/profiles/exceptions?limit=1000",
  "report?format=json",
  "report?format=html",
  "verifications/1/differences",
  "audit",
];

async function mark({ legacyUrl }: RunningStack): Promise<Readonly<Record<string, string>>> {
  await withPool({ url: legacyUrl, max: 1, name: "nexus-test" }, (legacy) => legacy.query(MARKED));
  return {};
}

/** Everything in the queue; nothing where it is not ours to look into. */
async function queueOf({ queue, queueUrl }: RunningStack): Promise<string> {
  return (await queue?.dump?.(queueUrl)) ?? "";
}
