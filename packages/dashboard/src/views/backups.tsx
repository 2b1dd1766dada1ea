/** What was dumped before a run first wrote to the tables of an entity. */
import type { BackupView, RunView } from "@nexus/contract";
import { ScrollingTable } from "../parts/scrolling-table.tsx";
import { count, duration, words } from "../words.ts";

/** Nothing for a run that takes none. */
export function Backups({ of: { run, backups = [] } }: { readonly of: RunView }) {
  if (run?.backup !== true) return null;
  return (
    <section class="card" aria-labelledby="backups-title">
      <h2 id="backups-title">Backups before the first write</h2>
      {backups.length === 0 ? (
        <p class="soft">None is taken yet. An extractor with BACKUP=pg_dump takes them.</p>
      ) : (
        <ScrollingTable
          of="Backups"
          heads={["Entity", "Status", { number: "bytes" }, { number: "took" }, "File"]}
        >
          {backups.map((one) => (
            <Line key={one.entity} of={one} />
          ))}
        </ScrollingTable>
      )}
    </section>
  );
}

function Line({ of }: { readonly of: BackupView }) {
  const { entity, status, errorCode, bytes, durationMs, file } = of;
  return (
    <tr>
      <th scope="row">{words(entity)}</th>
      <td>{errorCode === null ? status : `${status}: ${words(errorCode)}`}</td>
      <td class="number">{bytes === null ? "" : count(bytes)}</td>
      <td class="number">{durationMs === null ? "" : duration(durationMs / 1_000)}</td>
      <td>{file ?? ""}</td>
    </tr>
  );
}
