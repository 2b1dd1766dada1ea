import { expect, it } from "vitest";
import { warningsOf } from "./examine-redis.ts";
import { redisPlace } from "./redis-place.ts";

it.each([
  ["5.0.14", ["queue_old"]],
  ["6.2.0", []],
])("a Redis %s is noted with %j", (version, codes) => {
  const found = warningsOf(
    "QUEUE_URL",
    redisPlace("redis://127.0.0.1"),
    new Map([["redis_version", version]]),
  );
  expect(found.map(({ code }) => code)).toEqual(codes);
});
