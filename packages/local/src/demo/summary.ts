/** What the demo says at its end. */
import { isClosed, type Progress } from "@nexus/cli/progress";

/** For programs: whether every row has an outcome, the outcome counts, and how long it took. */
export function result(progress: Progress, seconds: number) {
  return {
    closed: isClosed(progress),
    seconds: Math.round(seconds * 10) / 10,
    entities: Object.fromEntries(
      progress.entities.map(({ entity, expected, read, loaded, rejected, parked, excluded }) => [
        entity,
        { expected, read, loaded, rejected, parked, excluded },
      ]),
    ),
  };
}

/** For people: what happened, and what to look at next. */
export function nextSteps(progress: Progress, seconds: number): string {
  const { totals, run, entities } = progress;
  if (!isClosed(progress)) {
    const stuck = entities
      .filter(({ status }) => status !== "complete")
      .map(({ entity, why }) => `  ${entity}: ${why}`);
    return `\nThe run is ${run?.status ?? "missing"} and not closed:\n${stuck.join("\n")}\n`;
  }
  const exceptions = totals.rejected + totals.parked;
  return `
The sum closes: ${totals.read.toLocaleString("en")} rows read = ${totals.loaded.toLocaleString("en")} loaded + ${exceptions.toLocaleString("en")} with a reason on record (${Math.round(seconds)} s).
Look next:
  npm run demo -- --keep      then open the dashboard that it names
  npm run demo -- --scale 1   the real size
  README.md                   "Where is it?", and how to use your own databases
`;
}
