/** The practices of a half-filled target: almost every office, known by its name and address only. */
import { type Account, type Match, nothing } from "./account.ts";
import type { Lots } from "./lots.ts";
import type { Office } from "./source.ts";

export interface PracticeRow {
  readonly id: string;
  readonly name: string;
  readonly address: string | null;
  readonly phone: string | null;
}

/** As many rows as there are offices: of each hundred one is foreign, and its office is not there. */
export function fillPractices(
  offices: readonly Office[],
  lots: Lots,
): { rows: PracticeRow[]; account: Account } {
  const strange = Math.max(1, Math.round(offices.length / 100));
  const loaded = lots.shuffled("office", offices).slice(strange);
  const rows: PracticeRow[] = loaded.map(({ id, name, address, phone }) => ({
    id: lots.id("practice", id),
    name: name ?? "Unnamed practice",
    address,
    phone,
  }));
  const foreign = Array.from({ length: strange }, (_, n) => ({
    id: lots.id("foreign practice", n),
    name: `Demo Practice ${n + 1}`,
    address: null,
    phone: null,
  }));
  return { rows: [...rows, ...foreign], account: accountOf(offices, loaded, foreign, lots) };
}

function accountOf(
  offices: readonly Office[],
  loaded: readonly Office[],
  foreign: readonly PracticeRow[],
  lots: Lots,
): Account {
  const times = new Map<string, number>();
  for (const office of offices) times.set(natureOf(office), (times.get(natureOf(office)) ?? 0) + 1);
  const byNature: Match[] = [];
  const shared: string[] = [];
  const bare: string[] = [];
  for (const office of loaded) {
    const id = lots.id("practice", office.id);
    if (office.name === null) bare.push(id);
    else if (times.get(natureOf(office)) === 1) byNature.push({ id, legacyKey: office.id });
    else shared.push(id);
  }
  const strange = foreign.map(({ id }) => id);
  return {
    ...nothing,
    rows: loaded.length + strange.length,
    byNature,
    shared,
    bare,
    foreign: strange,
  };
}

function natureOf({ name, address }: Office): string {
  return JSON.stringify([name, address]);
}
