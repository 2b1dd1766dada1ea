/** Where a Redis is, by its URL: ioredis would take every parameter behind the ? for an option of its own. */
import { isIP } from "node:net";
import type { ConnectionOptions } from "node:tls";
import { encryptionOf, isOnThisMachine } from "../config/tls.ts";

export interface RedisPlace {
  /** host:port, for people. */
  readonly name: string;
  readonly database: number;
  /** As ioredis takes them. */
  readonly options: {
    readonly host: string;
    readonly port: number;
    readonly db: number;
    readonly family: number;
    readonly username?: string;
    readonly password?: string;
    readonly tls?: ConnectionOptions;
  };
  /** Others can read what goes there. */
  readonly isPlainBeyondHere: boolean;
}

/** The parts of a URL that `queueUrl` has let pass. Throws where a file of it cannot be read. */
export function redisPlace(given: string): RedisPlace {
  const url = new URL(given);
  const host = url.hostname.replaceAll(/[[\]]/g, "");
  const { tls } = encryptionOf(url);
  const family = Number(url.searchParams.get("family") ?? 0);
  const database = Number(url.pathname.slice(1));
  return {
    name: url.host,
    database,
    isPlainBeyondHere: tls === undefined && !isOnThisMachine(url),
    options: {
      host,
      port: Number(url.port || 6379),
      db: database,
      family,
      ...(url.username !== "" && { username: decodeURIComponent(url.username) }),
      ...(url.password !== "" && { password: decodeURIComponent(url.password) }),
      ...(tls !== undefined && { tls: isIP(host) === 0 ? { ...tls, servername: host } : tls }),
    },
  };
}
