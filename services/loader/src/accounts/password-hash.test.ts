import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { importPassword } from "./password-hash.ts";

const DIGITS = "a".repeat(53);
const ARGON2ID = "$argon2id$v=19$m=102400,t=2,p=8$c2FsdHNhbHQ$aGFzaGhhc2g";

it.each([
  [`bcrypt$$2b$12$${DIGITS}`, `$2b$12$${DIGITS}`],
  [`bcrypt$$2a$04$${DIGITS}`, `$2a$04$${DIGITS}`],
  [`bcrypt$$2y$31$${DIGITS}`, `$2y$31$${DIGITS}`],
  [`argon2${ARGON2ID}`, ARGON2ID],
  [`argon2${ARGON2ID.replace("id", "i")}`, ARGON2ID.replace("id", "i")],
])("imports %s", (stored, hash) => {
  expect(importPassword(stored)).toEqual({ hash });
});

it.each([
  [null, "password_unusable"],
  ["", "password_unusable"],
  ["!", "password_unusable"],
  [`!bcrypt$$2b$12$${DIGITS}`, "password_unusable"],
  ["pbkdf2_sha256$1000000$salt$aGFzaA==", "password_pbkdf2"],
  ["pbkdf2_sha1$1$salt$aGFzaA==", "password_pbkdf2"],
  [`bcrypt_sha256$$2b$12$${DIGITS}`, "password_prehashed"],
  ["scrypt$16384$salt$8$1$aGFzaA==", "password_unsupported"],
  ["argon2$argon2i$m=512,t=2,p=2$c2FsdA$aGFzaA", "password_unsupported"],
  [`argon2${ARGON2ID.replace("v=19", "v=16")}`, "password_unsupported"],
  [`argon2${ARGON2ID.replace("argon2id", "argon2d")}`, "password_unsupported"],
  [`argon2${ARGON2ID.replace("102400", "1048577")}`, "password_unsupported"],
  [`argon2${ARGON2ID.replace("t=2", "t=21")}`, "password_unsupported"],
  [`argon2${ARGON2ID.replace("p=8", "p=17")}`, "password_unsupported"],
  [`argon2${ARGON2ID.replace("p=8", "p=0")}`, "password_unsupported"],
  [`argon2${ARGON2ID}=`, "password_unsupported"],
  [`argon2${ARGON2ID}ab`, "password_unsupported"],
  [`argon2${ARGON2ID}\n`, "password_unsupported"],
  [`bcrypt$$2x$12$${DIGITS}`, "password_unsupported"],
  [`bcrypt$$2b$03$${DIGITS}`, "password_unsupported"],
  [`bcrypt$$2b$32$${DIGITS}`, "password_unsupported"],
  [`bcrypt$$2b$12$${DIGITS.slice(1)}`, "password_unsupported"],
  [`bcrypt$$2b$12$${DIGITS}a`, "password_unsupported"],
  [`bcrypt$$2b$12$${DIGITS.slice(1)}=`, "password_unsupported"],
  [`sha1$salt$${"0".repeat(40)}`, "password_outdated"],
  [`sha1$$${"0".repeat(40)}`, "password_outdated"],
  [`md5$salt$${"0".repeat(32)}`, "password_outdated"],
  [`md5$$${"0".repeat(32)}`, "password_outdated"],
  ["0".repeat(32), "password_outdated"],
  ["crypt$$3XELA6ssFJizM", "password_outdated"],
  // Supabase Auth would take these; Django would not: no account is opened to what has opened none.
  [`$2b$12$${DIGITS}`, "password_unknown"],
  [ARGON2ID, "password_unknown"],
  ["bcrypt$", "password_unknown"],
  ["argon2$", "password_unknown"],
  ["secret", "password_unknown"],
  ["Bcrypt$$2b$12$", "password_unknown"],
  ["constructor$x", "password_unknown"],
  ["$", "password_unknown"],
])("gives no hash for %j", (stored, reason) => {
  expect(importPassword(stored)).toEqual({ reason });
});

/** Debian's own interpreter first: it is the one that has Debian's Django. */
const PYTHON = "/usr/bin/python3";

/** What the script prints, asked by JSON. */
function python(input: unknown, ...args: string[]): string {
  const script = join(import.meta.dirname, "django.fixture.py");
  return execFileSync(PYTHON, [script, ...args], {
    input: JSON.stringify(input),
    encoding: "utf8",
  });
}

/** Why hashes of a real Django cannot be had here; undefined: they can. */
function withoutDjango(): string | undefined {
  const reason = `${PYTHON} has no django, bcrypt and argon2 (python3-django, python3-bcrypt, python3-argon2)`;
  if (!existsSync(PYTHON)) return reason;
  try {
    execFileSync(PYTHON, ["-c", "import django, bcrypt, argon2"], { stdio: "ignore" });
    return undefined;
  } catch {
    return reason;
  }
}

interface Made {
  readonly algorithm: string;
  readonly password: string;
  readonly encoded: string;
}

interface Question {
  readonly hash: string;
  readonly password: string;
}

/** Whether bcrypt's and argon2's own modules accept each. */
function accepted(questions: readonly Question[]): boolean[] {
  const answers: boolean[] = JSON.parse(python(questions, "verify"));
  return answers;
}

/** One beyond ASCII, and one beyond the 72 bytes that bcrypt looks at. */
const PASSWORDS = ["correct horse", "pässwörd 花子", `${"long ".repeat(20)}end`];

const REASONS: Readonly<Record<string, string>> = {
  unusable: "password_unusable",
  default: "password_pbkdf2",
  pbkdf2_sha256: "password_pbkdf2",
  pbkdf2_sha1: "password_pbkdf2",
  bcrypt_sha256: "password_prehashed",
  scrypt: "password_unsupported",
  sha1: "password_outdated",
  md5: "password_outdated",
  unsalted_sha1: "password_outdated",
  unsalted_md5: "password_outdated",
  crypt: "password_outdated",
};

describe("hashes that Django makes", () => {
  const missing = withoutDjango();
  let hashes: Made[] = [];
  beforeAll(() => {
    if (missing === undefined) hashes = JSON.parse(python({ passwords: PASSWORDS }));
  });
  beforeEach((context) => {
    if (missing !== undefined) context.skip(missing);
  });

  it("come in at least the forms of Django 3.2", () => {
    const found = new Set(hashes.map(({ algorithm }) => algorithm));
    for (const algorithm of ["argon2", "bcrypt", "bcrypt_sha256", "pbkdf2_sha256", "unusable"])
      expect(found).toContain(algorithm);
  });

  it("are imported, or have the reason of their algorithm", () => {
    for (const { algorithm, encoded } of hashes) {
      const result = importPassword(encoded);
      if (algorithm === "argon2" || algorithm === "bcrypt") expect(result).toHaveProperty("hash");
      else expect(result).toEqual({ reason: REASONS[algorithm] });
    }
  });

  it("are accepted for their own password only by verifiers that are not ours", () => {
    const imported = hashes.flatMap(({ encoded, password }) => {
      const result = importPassword(encoded);
      return "hash" in result ? [{ hash: result.hash, password }] : [];
    });
    expect(imported).toHaveLength(2 * PASSWORDS.length);
    const wrong = imported.map((one) => ({ ...one, password: `not ${one.password}` }));
    expect(accepted([...imported, ...wrong])).toEqual([
      ...imported.map(() => true),
      ...wrong.map(() => false),
    ]);
  });

  it("made over a SHA-256 would never be accepted: that is why they are not imported", () => {
    const prehashed = hashes.filter(({ algorithm }) => algorithm === "bcrypt_sha256");
    const as = prehashed.map(({ encoded, password }) => ({
      hash: encoded.slice("bcrypt_sha256$".length),
      password,
    }));
    expect(accepted(as)).toEqual(prehashed.map(() => false));
  });
});
