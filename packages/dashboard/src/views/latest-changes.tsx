/** Who did what, lately. */
import { Ready } from "../parts/notice.tsx";
import { useSurroundings } from "../surroundings.ts";
import { useLoad } from "../use-load.ts";
import { ChangeLine } from "./changes.tsx";

/** For admins; others are told so. */
export function LatestChanges() {
  const { me } = useSurroundings();
  return (
    <section class="card" aria-labelledby="changes-title">
      <div class="card-head">
        <h2 id="changes-title">Who did what</h2>
        <a href="#/audit">Audit log</a>
      </div>
      {me.role === "admin" ? (
        <Latest />
      ) : (
        <p class="soft">The audit log is for admins; you are {me.role}.</p>
      )}
    </section>
  );
}

function Latest() {
  const changes = useLoad("GET /v1/audit", { limit: 5 }, 5_000);
  return (
    <Ready of={changes} what="the audit log">
      {({ items }) =>
        items.length === 0 ? (
          <p class="soft">Nobody changed anything yet.</p>
        ) : (
          <ul class="lines">
            {items.map((one) => (
              <ChangeLine key={one.id} of={one} />
            ))}
          </ul>
        )
      }
    </Ready>
  );
}
