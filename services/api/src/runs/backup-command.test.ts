import { describe, expect, it } from "vitest";
import { backupCommand } from "./backup-command.ts";

describe("the backup command", () => {
  it("names the target, and no password", () => {
    const command = backupCommand(
      "postgres://sam:s3cret@db.example:5432/target?sslmode=require&password=s3cret",
    );
    expect(command).toBe(
      "pg_dump --format=custom --enable-row-security --file=target-before-run.dump --dbname='postgres://sam@db.example:5432/target?sslmode=require'",
    );
  });

  it("can be pasted into a shell", () => {
    expect(backupCommand("postgres://o'neil@db/target")).toContain(
      `--dbname='postgres://o'\\''neil@db/target'`,
    );
  });
});
