/** What a run takes of both servers: connections, against what their limits leave. */
import { CONNECTIONS, connectionsNeeded } from "@nexus/shared/config";
import { type Pool, type Room, roomForUs } from "@nexus/shared/database";
import type { Needs } from "@nexus/shared/ledger";
import type { Deps } from "../deps.ts";
import type { Ask } from "./ranges.ts";

/** As of now; one of each service is reckoned with, whoever runs already. */
export async function needsOf({ legacy, target }: Deps, ask: Ask): Promise<Needs> {
  return {
    source: needs(connectionsNeeded("legacy", setFor("legacy", legacy)), await ask(roomForUs)),
    target: needs(connectionsNeeded("target", setFor("target", target)), await roomForUs(target)),
  };
}

/** Where this extractor's pool has another size than usual, it is set for all services. */
function setFor(server: keyof typeof CONNECTIONS, { options: { max } }: Pool): number | undefined {
  return max === CONNECTIONS[server].extractor ? undefined : max;
}

function needs(needed: number, { of, limit, left }: Room): Needs["source"] {
  return { needed, left: finite(left), limit: finite(limit), of };
}

function finite(count: number): number | null {
  return Number.isFinite(count) ? count : null;
}
