/** Numbers, times and codes as people read them. */
const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const tenth = new Intl.NumberFormat("en", { minimumFractionDigits: 1, maximumFractionDigits: 1 });

/** 12,345 */
export function count(n: number): string {
  return whole.format(n);
}

/** "1 row", "2 rows" */
export function counted(n: number, noun: string): string {
  return `${count(n)} ${noun}${n === 1 ? "" : "s"}`;
}

/** 63.4 %, and 100 % only when it is. */
export function percent(share: number): string {
  return `${share === 0 || share >= 100 ? whole.format(share) : tenth.format(Math.min(99.9, share))} %`;
}

/** $12.34, and $0.0021 where cents say nothing. */
export function dollars(usd: number): string {
  const digits = usd !== 0 && usd < 0.1 ? 4 : 2;
  return `$${usd.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits })}`;
}

/** 40 s, 12 min, 3 h 20 min, 2 d 4 h: two units at most. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return pair(hours, "h", minutes % 60, "min");
  return pair(Math.floor(hours / 24), "d", hours % 24, "h");
}

function pair(big: number, bigUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${big} ${bigUnit}` : `${big} ${bigUnit} ${small} ${smallUnit}`;
}

/** "9 to 20 min" or "50 s to 3 min". */
export function interval(earliest: number, latest: number): string {
  const [from, to] = [duration(earliest), duration(latest)];
  const [number = "", unit = "", more] = from.split(" ");
  if (from === to) return `about ${from}`;
  return more === undefined && to.split(" ")[1] === unit && to.split(" ").length === 2
    ? `${number} to ${to}`
    : `${from} to ${to}`;
}

const day = new Intl.DateTimeFormat("en-GB", {
  day: "numeric",
  month: "short",
  hour: "2-digit",
  minute: "2-digit",
});

/** 22 Nov, 18:53 in the reader's time zone. */
export function instant(iso: string): string {
  return day.format(new Date(iso));
}

/** "Asked for 22 Nov, 18:53, ended 22 Nov, 18:54 after 40 s" */
export function timesOf({
  createdAt,
  finishedAt,
}: {
  readonly createdAt: string;
  readonly finishedAt: string | null;
}): string {
  const asked = `Asked for ${instant(createdAt)}`;
  if (finishedAt === null) return `${asked}, not ended`;
  const lasted = duration((Date.parse(finishedAt) - Date.parse(createdAt)) / 1_000);
  return `${asked}, ended ${instant(finishedAt)} after ${lasted}`;
}

/** A code of the ledger in words: `practices_not_in_target` is "practices not in target". */
export function words(code: string): string {
  return code.replaceAll(/[_-]/g, " ");
}

/** With a capital letter. */
export function sentence(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}

/** Names and how many there are of each, the most frequent first. */
export function mostFirst(counts: Readonly<Record<string, number>>): [string, number][] {
  return Object.entries(counts).toSorted(([, one], [, other]) => other - one);
}
