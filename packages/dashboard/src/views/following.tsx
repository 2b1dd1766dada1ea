/** Whether the source is followed, and how far behind the target is. */
import type { SyncView } from "@nexus/contract";
import { ScrollingTable } from "../parts/scrolling-table.tsx";
import { useLoad } from "../use-load.ts";
import { counted, duration, instant, words } from "../words.ts";

type Shown = NonNullable<SyncView["following"]>;

/** Nothing where nothing was ever followed. */
export function Following() {
  const { data } = useLoad("GET /v1/sync", {}, 5_000);
  if (data === undefined || data.following === null) return null;
  return (
    <section class="card" aria-labelledby="following-title">
      <h2 id="following-title">Following the source</h2>
      <p class="soft">{standing(data.following)}</p>
      <ScrollingTable of="How far behind" heads={["Entity", { number: "behind" }, "Run"]}>
        {data.lag.map(({ entity, seconds, runId }) => (
          <tr key={entity}>
            <th scope="row">{words(entity)}</th>
            <td class="number">{seconds === null ? "not known" : duration(seconds)}</td>
            <td>{runId ?? ""}</td>
          </tr>
        ))}
      </ScrollingTable>
    </section>
  );
}

function standing({ everySeconds, deltas, stopped, nextAt, waitsFor, source }: Shown): string {
  const begun = `${counted(deltas, "delta")} so far`;
  if (stopped !== null)
    return `Not any more since ${instant(stopped.at)}: ${stopped.says}. ${begun}.`;
  const every = `A delta every ${duration(everySeconds)}, ${begun}`;
  if (waitsFor === "source_slow" && source !== null)
    return `${every}. They wait for the source, which answers in ${source.ms} ms, more than ${source.limitMs} ms.`;
  if (waitsFor !== null) return `${every}. The next one waits: ${words(waitsFor)}.`;
  return nextAt === null ? `${every}.` : `${every}, the next one ${instant(nextAt)}.`;
}
