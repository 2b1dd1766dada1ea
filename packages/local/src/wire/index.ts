/** An embedded PostgreSQL that any driver can reach: PGlite, served over the wire protocol on the loopback address. */
export { startWireServer, type WireServer, type WireServerOptions } from "./server.ts";
export type { StatementClock } from "./backend.ts";
