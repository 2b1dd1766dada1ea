/** Variables that look like ours, and that nothing of ours reads: a setting that somebody thinks was made. */
import { closest } from "./closest.ts";
import { legacyVariables, sourceVariables, targetVariables } from "./database-variables.ts";
import { queueVariables, workerVariables } from "./queue-variables.ts";

const PREFIX = /^(LEGACY|TARGET|QUEUE)_/i;

/** Kubernetes tells each pod of the services beside it: `QUEUE_SERVICE_HOST`, `QUEUE_PORT_6379_TCP`. */
const OF_KUBERNETES = /_(SERVICE_HOST|SERVICE_PORT|PORT)(_\w+)?$/;

/** All that begin so, whoever reads them; a test of all services holds that. */
export const PREFIXED: readonly string[] = [
  legacyVariables({ connections: 1 }),
  sourceVariables,
  targetVariables({ connections: 1 }),
  queueVariables,
  workerVariables({ job: "job", drainMs: 0 }),
  { TARGET_STATEMENT_MS: "of loaders", TARGET_IDLE_MS: "of loaders", QUEUE_URL_FILE: "a secret" },
]
  .flatMap((variables) => Object.keys(variables))
  .filter((name) => PREFIX.test(name));

/** A word for each, without its value. No mistake by itself: other programs may read it. What resembles one of ours is said by `parseConfig`. */
export function unreadVariables(
  env: NodeJS.ProcessEnv,
): readonly { readonly code: "variable_unread"; readonly says: string }[] {
  return Object.keys(env).flatMap((name) => {
    const prefix = PREFIX.exec(name)?.[0].toUpperCase();
    if (prefix === undefined || PREFIXED.includes(name) || OF_KUBERNETES.test(name)) return [];
    if (closest(name, PREFIXED) !== undefined) return [];
    const ours = PREFIXED.filter((known) => known.startsWith(prefix)).join(", ");
    const says = `${name} is set, and nothing of ours reads it: there are ${ours}`;
    return [{ code: "variable_unread", says }];
  });
}
