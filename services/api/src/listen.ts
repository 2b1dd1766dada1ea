import type { App } from "./server.ts";

/** Listens, and says who can reach it. Resolves to the port. */
export async function listen(app: App, host: string, port: number, tokens: number): Promise<number> {
  await app.listen({ host, port, listenTextResolver: () => "listening" });
  if (tokens === 0)
    app.log.warn({ host }, "there are no tokens: whoever reaches this address commands the migration");
  const [address] = app.addresses();
  return typeof address === "object" ? address.port : port;
}
