/** docs/configuration.md is written from what the services parse their environment with, so that it cannot say what they do not do. */
import { join } from "node:path";
import { variables as api } from "@nexus/api/config";
import { variables as embedder } from "@nexus/embedder/config";
import { difyVariables as dify } from "@nexus/embedder/dify-config";
import { variables as extractor } from "@nexus/extractor/config";
import { accountVariables as accounts } from "@nexus/loader/account-config";
import { variables as loader } from "@nexus/loader/config";
import { processVariables, type Variable } from "@nexus/shared/config";
import { describe, expect, it } from "vitest";
import { read, ROOT } from "./files.ts";

type Variables = Readonly<Record<string, Variable<unknown>>>;

const SERVICES: Readonly<Record<string, Variables>> = {
  extractor: { ...extractor, ...processVariables },
  loader: { ...loader, ...processVariables },
  embedder: { ...embedder, ...processVariables },
  api: { ...api, ...processVariables },
};

/** What one or more services say of a variable in the same words. */
interface Entry {
  readonly name: string;
  readonly services: string[];
  readonly variable: Variable<unknown>;
}

describe("docs/configuration.md", () => {
  it("says what the services read (update: vitest -u)", async () => {
    const all = entries();
    const shared = new Set(
      all.map(({ name }) => name).filter((name) => servicesOf(all, name).length > 1),
    );
    const own = Object.keys(SERVICES).map((service) => {
      const rows = all.filter(
        ({ name, services }) => !shared.has(name) && services.includes(service),
      );
      return rows.length === 0 ? "" : `## ${service}\n${table(rows)}`;
    });
    const page = [
      "# Configuration\nMade by `test/src/platform/configuration.test.ts` of what each service parses its environment with; not to be edited. A variable that is missing, malformed or misspelt stops the service at once, with all problems in one line and exit code 2. An empty one counts as absent.",
      "**secret**: holds a password, a key or what opens a door; from a secret store, never from a config map. The files to start from are `.env.example` and [k8s](../k8s/README.md); what the command line reads is in [nexus](nexus.md#environment). With `EMBEDDING_PROVIDER=bedrock` the AWS SDK reads its own variables (`AWS_REGION`, credentials, `AWS_ENDPOINT_URL_BEDROCK_RUNTIME`), and with a collector OpenTelemetry reads its `OTEL_*` ([tracing](tracing.md)).",
      `## More than one service\n${table(all.filter(({ name }) => shared.has(name)))}`,
      ...own.filter((section) => section !== ""),
      `## Dify\nRead by the embedder where \`DIFY=on\`.\n\n${table(Object.entries(dify).map(([name, variable]) => ({ name, services: ["embedder"], variable })))}`,
      `## Accounts\nRead by the loader where \`ACCOUNTS=on\`; \`SUPABASE_*\` by the extractor, too.\n\n${table(Object.entries(accounts).map(([name, variable]) => ({ name, services: ["loader"], variable })))}`,
    ].join("\n\n");
    await expect(`${page}\n`).toMatchFileSnapshot(join(ROOT, "docs/configuration.md"));
  });

  it("calls secret what the manifests take from a secret, and nothing that they show", () => {
    const secret = new Set(
      entries().flatMap(({ name, variable }) => (variable.secret === true ? [name] : [])),
    );
    const pods = ["extractor", "loader", "embedder", "api"].map((service) =>
      read(`k8s/base/${service}.yaml`),
    );
    const hidden = [...pods.join().matchAll(/name: (\w+)\n\s+valueFrom: \{ secretKeyRef/g)].map(
      ([, name = ""]) => name,
    );
    expect(hidden.length).toBeGreaterThan(5);
    expect(hidden.filter((name) => !secret.has(name))).toEqual([]);
    const shown = [...pods, read("k8s/base/config.yaml")]
      .join()
      .matchAll(/(?:name: |^ {2})([A-Z][A-Z_]+)(?:, value)?:/gm);
    expect([...shown].filter(([, name = ""]) => secret.has(name))).toEqual([]);
  });
});

/** In the order of the services, and of their declarations. */
function entries(): Entry[] {
  const found = new Map<string, Entry>();
  for (const [service, variables] of Object.entries(SERVICES))
    for (const [name, variable] of Object.entries(variables)) {
      const key = `${name} ${cells(variable).join()}`;
      const entry = found.get(key) ?? { name, services: [], variable };
      entry.services.push(service);
      found.set(key, entry);
    }
  return [...found.values()];
}

function servicesOf(all: readonly Entry[], name: string): string[] {
  return all.filter((entry) => entry.name === name).flatMap(({ services }) => services);
}

function table(rows: readonly Entry[]): string {
  const names = [...new Set(rows.map(({ name }) => name))];
  const sorted = names.flatMap((name) => rows.filter((row) => row.name === name));
  const lines = sorted.map(({ name, services, variable }) =>
    [
      `\`${name}\``,
      services.length === Object.keys(SERVICES).length ? "all" : services.join(", "),
      ...cells(variable),
    ]
      .map((cell) => cell.replaceAll("|", "\\|"))
      .join(" | "),
  );
  const head = "| variable | read by | default | values | meaning |\n|---|---|---|---|---|";
  return [head, ...lines.map((line) => `| ${line} |`)].join("\n");
}

function cells({ schema, meaning, fallback = "", danger, secret }: Variable<unknown>): string[] {
  const required = !schema.safeParse(undefined).success && fallback === "";
  const otherwise = fallback.trim() === "" ? "–" : `\`${fallback}\``;
  return [
    required ? "required" : otherwise,
    secret === true ? `${valuesOf(schema)}; **secret**` : valuesOf(schema),
    danger === undefined ? meaning : `${meaning}; ${danger}`,
  ];
}

/** In the words with which the parser refuses anything else. */
function valuesOf(schema: Variable<unknown>["schema"]): string {
  const { error } = schema.safeParse("?");
  return (error?.issues[0]?.message ?? "text").replace(
    /^must (be|have|look like) (a whole number from )?/,
    "",
  );
}
