/** What typed reads believe of the tables is what the migrations make. */
import { entities } from "@nexus/catalog";
import { withPool } from "@nexus/shared/database";
import { migrateTarget } from "@nexus/shared/ledger";
import { declaredColumns, stacksWithVectors, storedColumns } from "@nexus/shared/testing";
import { describe, expect, it } from "vitest";
import { embedded } from "./embedded-stack.ts";

describe.each(stacksWithVectors([embedded]))(
  "the tables of a migrated target, on $name",
  (stack) => {
    it("are declared column by column: name, type, nullability, key, and what JavaScript gets", async () => {
      const running = await stack.start();
      try {
        const stored = await withPool(
          { url: running.targetUrl, max: 2, name: "tables" },
          async (target) => {
            await migrateTarget({ target, entities });
            return await storedColumns(target);
          },
        );
        expect(stored).toEqual(declaredColumns(entities));
      } finally {
        await running.stop();
      }
    });
  },
);
