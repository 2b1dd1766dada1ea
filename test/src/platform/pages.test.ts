/** What the pages name is there, and what docs/operations.md computes is what the product computes. */
import { existsSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { entities } from "@nexus/catalog";
import { forecast } from "@nexus/shared/ledger";
import { describe, expect, it } from "vitest";
import { block } from "../operations.ts";
import { read, ROOT } from "./files.ts";
import { kubectlWorks, manifestsOf, renderText } from "./manifests.ts";

const pages = ["", "docs", "docs/decisions", "docs/runbooks", "k8s"].flatMap((folder) =>
  readdirSync(join(ROOT, folder))
    .filter((name) => name.endsWith(".md"))
    .map((name) => join(folder, name)),
);

describe("the pages", () => {
  it.each(pages)("%s links to files and sections that exist", (page) => {
    const links = [...read(page).matchAll(/\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)/g)];
    const dead = links.filter(([, path = "", section]) => {
      const file = path === "" ? page : join(dirname(page), path);
      if (!existsSync(join(ROOT, file))) return true;
      return section !== undefined && !sectionsOf(read(file)).includes(section);
    });
    expect(dead.map(([link]) => link)).toEqual([]);
  });

  it("would not pass with a section that is not there", () => {
    expect(sectionsOf("# One\n## Cut over\n")).toEqual(["one", "cut-over"]);
  });
});

describe("docs/architecture.md", () => {
  const page = read("docs/architecture.md");

  it("draws the references of the catalog, and no others", () => {
    const drawn = [...page.matchAll(/^  (\w+) \|\|--o\{ (\w+) : ""$/gm)].map(
      ([, to, from]) => `${from} ${to}`,
    );
    const declared = entities.flatMap(({ target: { table, columns } }) =>
      Object.values(columns).flatMap(({ references }) =>
        references === undefined ? [] : [`${table} ${references}`],
      ),
    );
    expect(drawn.toSorted()).toEqual([...new Set(declared), "ai_embeddings practices"].toSorted());
  });

  it("names every table of the ledger", () => {
    const folder = "packages/shared/sql";
    const made = readdirSync(join(ROOT, folder)).flatMap((file) =>
      [...read(join(folder, file)).matchAll(/^create table migration\.(\w+)/gm)].map(
        ([, table = ""]) => table,
      ),
    );
    expect(made.length).toBeGreaterThan(20);
    expect(made.filter((table) => !new RegExp(`\\b${table}\\b`).test(page))).toEqual([]);
  });
});

describe("docs/operations.md", () => {
  it("has the times and prices that the forecast gives", () => {
    expect(read("docs/operations.md")).toContain(forecastTable());
  });

  // What kubectl renders is looked at: where it is absent, the closing lines say so.
  it.skipIf(!kubectlWorks())("upgrades every image, and names what the manifests have", () => {
    const [overlay, commands] = [block(UPGRADE, "yaml"), block(UPGRADE, "sh")];
    const rendered = renderText((k8s) => overlay.replace("../../k8s", k8s));
    const images = [...rendered.matchAll(/image: (\S+)/g)].map(([, image = ""]) => image);
    expect(new Set(images)).toHaveLength(5);
    expect(images.filter((image) => !image.endsWith(":0.2.0"))).toEqual([]);
    const names = manifestsOf(rendered).map(({ kind, metadata }) => `${kind}/${metadata.name}`);
    const services = /for service in ([a-z ]+);/.exec(commands)?.[1]?.split(" ") ?? [];
    expect(services).toHaveLength(4);
    expect(names).toEqual(
      expect.arrayContaining([
        "Job/nexus-migrate",
        ...services.map((one) => `Deployment/nexus-${one}`),
      ]),
    );
  });
});

const UPGRADE = "Upgrade and roll back";

function sectionsOf(text: string): string[] {
  return [...text.matchAll(/^#+ (.+)$/gm)].map(([, title = ""]) =>
    title
      .toLowerCase()
      .replaceAll(/[^\w -]/g, "")
      .replaceAll(" ", "-"),
  );
}

/** Amounts as measured: docs/performance.md, scale 1 and ten times that. */
function forecastTable(): string {
  const amounts = [
    { items: 146_510, calls: 61_738, tokens: 2_012_485 },
    { items: 1_465_100, calls: 617_380, tokens: 20_124_850 },
  ];
  const quotas = [60, 600, 2_000, 6_000];
  const rows = amounts.map(({ items, ...amount }) => {
    const of = (requestsPerMinute: number) =>
      forecast(amount, { requestsPerMinute, tokensPerMinute: null, usdPer1kTokens: 0.00002 });
    const times = quotas.map((quota) => time(of(quota).seconds));
    const price = (of(60).microdollars / 1e6).toFixed(2);
    return `| ${[items, amount.calls, amount.tokens].map((n) => n.toLocaleString("en")).join(" | ")} | ${times.join(" | ")} | $${price} |`;
  });
  const heads = quotas.map((quota) => `${quota.toLocaleString("en")} a minute`).join(" | ");
  return [
    `| items | calls | tokens | ${heads} | price |`,
    "|---:|---:|---:|---:|---:|---:|---:|---:|",
    ...rows,
  ].join("\n");
}

function time(seconds: number): string {
  const hours = seconds / 3_600;
  if (hours >= 48) return `${(hours / 24).toFixed(1)} days`;
  return hours >= 1 ? `${hours.toFixed(1)} h` : `${Math.ceil(seconds / 60)} min`;
}
