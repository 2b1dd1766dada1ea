/** Where the commands look for the API: an address alone. */
import { describe, expect, it } from "vitest";
import { nexusHere } from "./nexus-here.ts";

describe("NEXUS_API_URL", () => {
  it("an address that is none is refused", async () => {
    const { code, stderr } = await nexusHere(["status"], { NEXUS_API_URL: "localhost:8080" });
    expect(code).toBe(2);
    expect(stderr).toMatch(/^NEXUS_API_URL must look like http:.*\n$/);
  });

  it.each([
    "http://127.0.0.1:1/nexus",
    "http://127.0.0.1:1/v1/",
    "http://sam:s3cret@127.0.0.1:1",
    "http://sam@127.0.0.1:1",
    "http://127.0.0.1:1?token=s3cret",
    "http://127.0.0.1:1/#s3cret",
  ])("an address with more than a host and a port is refused: %s", async (address) => {
    const { code, stdout, stderr } = await nexusHere(["status"], { NEXUS_API_URL: address });
    expect([code, stdout, stderr]).toEqual([
      2,
      "",
      "NEXUS_API_URL must be the address alone, like https://host:8080, without a path or a login: the address of the API\n",
    ]);
  });

  it("an address may end with a slash", async () => {
    const { code } = await nexusHere(["status"], { NEXUS_API_URL: "HTTP://127.0.0.1:1/" });
    expect(code).toBe(3);
  });
});
