import { once } from "node:events";
import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startWireServer, type WireServer } from "../index.ts";

let server: WireServer;
let listener: Client;
let sender: Client;

beforeAll(async () => {
  server = await startWireServer({ searchPath: "public" });
  listener = new Client(server.url);
  sender = new Client(server.url);
  await Promise.all([listener.connect(), sender.connect()]);
  await listener.query("listen news");
});

afterAll(async () => {
  await Promise.all([listener.end(), sender.end()]);
  await server.close();
});

describe("notifications on the embedded server", () => {
  it("reach an idle client from another one", async () => {
    const arrived = once(listener, "notification");
    await sender.query("select pg_notify('news', $1)", ["hello"]);
    expect(await arrived).toMatchObject([{ channel: "news", payload: "hello" }]);
  });

  it("reach the client that sent them", async () => {
    const arrived = once(listener, "notification");
    await listener.query("notify news, 'to myself'");
    expect(await arrived).toMatchObject([{ payload: "to myself" }]);
  });

  it("wait for the commit, and are not sent at all after a rollback", async () => {
    const heard: (string | undefined)[] = [];
    listener.on("notification", ({ payload }) => heard.push(payload));
    await sender.query("begin; notify news, 'dropped'; rollback");
    await sender.query("begin");
    await sender.query("notify news, 'kept'");
    heard.push("commit");
    const arrived = once(listener, "notification");
    await sender.query("commit");
    await arrived;
    expect(heard).toEqual(["commit", "kept"]);
  });
});
