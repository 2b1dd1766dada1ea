import { expect, it } from "vitest";
import { unreadVariables } from "./unread-variables.ts";

it("variables that begin like ours and are none are told, without their values", () => {
  const others = { LEGACY_ULR: "a", PATH: "/bin", QUEUE_PORT_6379_TCP: "b" };
  const env = { LEGACY_TZ: "US/Pacific", LEGACY_TIMEZONE: "UTC", ...others };
  expect(unreadVariables(env)).toEqual([
    {
      code: "variable_unread",
      says: expect.stringMatching(
        /^LEGACY_TZ is set, and nothing of ours reads it: there are LEGACY_URL, .*LEGACY_TIMEZONE/,
      ),
    },
  ]);
});
