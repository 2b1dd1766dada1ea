import { expect, it } from "vitest";
import { faultOfPatterns, testAccounts } from "./test-accounts.ts";

it.each([
  ["test.*", "test.doctor7", "", true],
  ["test.*", "Test.Doctor7", "", true],
  ["test.*", "contest.winner", "", false],
  ["test.*", "", "test.a@clinic.example", false],
  ["*@example.com", "", " QA@Example.com ", true],
  ["*@example.com", "qa@example.com", "", false],
  ["*@example.com", "", "qa@example.com.au", false],
  ["qa*+*@clinic.example", "", "qa7+a@clinic.example", true],
  ["qa*+*@clinic.example", "", "qa7@clinic.example", false],
  ["demo", "demo", "", true],
  ["demo", "demo2", "", false],
  ["a*a", "a", "", false],
  ["a*a", "aa", "", true],
  ["*a*b*", "xbxa", "", false],
  ["x, demo , test.*", "demo", "", true],
  ["", "", "", false],
  ["a.c", "abc", "", false],
])("by %j, %j with %j", (patterns, username, email, is) => {
  expect(faultOfPatterns(patterns)).toBeUndefined();
  expect(testAccounts(patterns)({ username, email })).toBe(is);
});

it("knows nobody by nothing", () => {
  expect(testAccounts("*a*")({ username: null, email: null })).toBe(false);
});

it.each(["*", "**", "*@*", "@", "test.*,*", "two words"])("refuses %j", (patterns) => {
  expect(faultOfPatterns(patterns)).toMatch(/must be patterns/);
});
