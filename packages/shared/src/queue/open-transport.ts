/** Decides by the URL which server carries the queue. Nothing else in the system touches Redis. */
import { examineRedis } from "./examine-redis.ts";
import { examinePostgres, overPostgres, unmadeAt } from "./over-postgres.ts";
import { overRedis } from "./over-redis.ts";
import { redisPlace } from "./redis-place.ts";
import type { Transport, TransportOptions, TransportWarning } from "./transport.ts";

/**
 * Opens the transport once its server answers and takes writes. Throws `UnavailableError` (exit code 3) when it does not within 10 s,
 * `ConfigurationError` (exit code 2) where it never will as it is: a password, a replica, a cluster, a database that is none.
 */
export async function openTransport(options: TransportOptions): Promise<Transport> {
  return isRedis(options.url) ? await overRedis(options) : await overPostgres(options);
}

/** Looks whether the transport could be opened, and changes nothing. Resolves to what a person should change although it works. Throws as `openTransport` does. */
export async function examineTransport(
  options: Pick<TransportOptions, "url" | "prefix">,
): Promise<readonly TransportWarning[]> {
  return isRedis(options.url)
    ? await examineRedis(redisPlace(options.url), options.prefix)
    : await examinePostgres(options);
}

/**
 * For who changes nothing: opens it where neither table nor schema has to be made or upgraded for that. Without a transport, a warning
 * says why. Throws as `openTransport` does.
 */
export async function openUnchanged(options: TransportOptions): Promise<Opened> {
  const unmade = isRedis(options.url) ? undefined : await unmadeAt(options);
  if (unmade !== undefined) return { warnings: [unmade] };
  const transport = await openTransport({ ...options, leaves: "nothing" });
  return { transport, warnings: transport.warnings };
}

interface Opened {
  readonly transport?: Transport;
  readonly warnings: readonly TransportWarning[];
}

/** As `queueUrl` reads it: a scheme may be written in any case. */
function isRedis(url: string): boolean {
  return /^rediss?:/i.test(url);
}
