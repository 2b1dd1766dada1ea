/** A Redis that refuses single commands, on real servers: BullMQ would open its queue, and nothing would move. */
import { describe, expect, it } from "vitest";
import { type PrivateRedis, startRedis } from "../testing/index.ts";
import { open, opened, redis } from "./redis.fixture.ts";

const probe = await startRedis();
if (probe.found) await probe.stop();

function as(server: PrivateRedis, userinfo: string): string {
  return server.url.replace("//", `//${userinfo}@`);
}

// Needs a real Redis: the embedded queue is none.
describe.skipIf(!probe.found)("a Redis", () => {
  it.each([
    ["-@blocking", "bzpopmin"],
    ["-bzpopmin", "bzpopmin"],
    ["-xadd -zpopmin", "xadd, zpopmin"],
    ["-set", "set"],
    ["-eval", "eval"],
    ["-evalsha", "evalsha"],
    ["-info", "info"],
  ])("is refused whose ACL says %s, naming %s", async (rules, named) => {
    const server = await redis();
    await server.tell(`acl setuser app on >s3cret ~test:* &* +@all ${rules}`);
    const said = await opened(as(server, "app:s3cret"));
    expect(said).toMatch(/^ConfigurationError: .* lets this user not do .*NOPERM/);
    expect(said).toMatch(new RegExp(`[ :]${named}\\)$`));
    expect(await server.dump(server.url)).toBe("");
  });

  it("is taken that lets the user do what a queue needs, though not list clients", async () => {
    const server = await redis();
    await server.tell("acl setuser app on >s3cret ~test:* &* +@all -@admin -@dangerous +info");
    const transport = await open(as(server, "app:s3cret"));
    expect(await server.dump(server.url)).toBe("");
    await transport.enqueue("jobs", [{ id: "a.1", data: {} }]);
    expect(await transport.count("jobs")).toBe(1);
    expect(await transport.workers("jobs")).toBeUndefined();
  });

  it.each(["eval", "evalsha", "bzpopmin", "xadd"])(
    "is refused that does not know %s",
    async (command) => {
      const server = await redis({ args: ["--rename-command", command, ""] });
      const said = await opened(server.url);
      expect(said).toMatch(/^ConfigurationError: .* does not know a command that a queue needs/);
      expect(said).toContain(`(${command})`);
    },
  );
});
