import { describe, expect, it } from "vitest";
import { ConfigurationError } from "../config/failure.ts";
import { freshDatabase } from "../testing/fresh.ts";
import { openLine } from "../testing/line.ts";
import { openTransport } from "./open-transport.ts";
import { examinePostgres } from "./over-postgres.ts";

const given = { prefix: "test", workers: 0, onError: () => undefined };

describe("a queue on PostgreSQL", () => {
  it("lies in its own schema, whatever its URL says in options", async (context) => {
    const url = new URL(await freshDatabase(context));
    url.searchParams.set("options", "-c search_path=public -c work_mem=8MB");
    const transport = await openTransport({ ...given, url: url.href });
    context.onTestFinished(() => transport.close());
    expect(await transport.count("load-practices")).toBe(0);
  });

  it.each([
    "unsupported startup parameter: options",
    "unsupported startup parameter in options: search_path",
  ])("is refused behind a pooler that takes no options: %s", async (message) => {
    const line = await openLine("postgres://worker@127.0.0.1:1/queue");
    line.limit(0, message, "08P01");
    for (const open of [
      () => openTransport({ ...given, url: line.url }),
      () => examinePostgres({ ...given, url: `${line.url}?options=-c%20work_mem%3D8MB` }),
    ]) {
      const failure: unknown = await open().catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(ConfigurationError);
      expect(String(failure)).toMatch(
        /QUEUE_URL: PostgreSQL at .*: a pooler before it takes no options \(08P01\).*search_path/,
      );
    }
    await line.cut();
  });
});
