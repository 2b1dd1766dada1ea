import type { App } from "./server.ts";

/** Listens, and says who can reach it. Resolves to the port. */
export async function listen(app: App, host: string, port: number): Promise<number> {
  await app.listen({ host, port, listenTextResolver: () => "listening" });
  app.log.warn(
    { host },
    "there is no access control yet: whoever reaches this address commands the migration",
  );
  const [address] = app.addresses();
  return typeof address === "object" ? address.port : port;
}
