/** The stand-in through Supabase's own client: what the stage will meet. */
import { GoTrueAdminApi } from "@supabase/auth-js";
import { expect, it, onTestFinished, vi } from "vitest";
import { type FaultName, FAULT_NAMES } from "./faults.ts";
import { type AuthOptions, SERVICE_ROLE_KEY, startAuth } from "./server.ts";

/** A UUIDv5: GoTrue takes any version, whatever its message says. */
const ID = "2ed6657d-e927-568b-95e1-2665a8aea6a2";
const OTHER_ID = "886313e1-3b8a-5372-9b90-0c9aee199e5d";
/** Hashes of nobody's password, in forms of which the digests are never looked at. */
const BCRYPT = `$2b$12$${"a".repeat(53)}`;
const ARGON2ID = "$argon2id$v=19$m=102400,t=2,p=8$c2FsdHNhbHQ$aGFzaGhhc2g";
const PBKDF2 = "pbkdf2_sha256$260000$salt$aGFzaA==";

async function open(options: AuthOptions = {}, key = SERVICE_ROLE_KEY) {
  const server = await startAuth(options);
  onTestFinished(() => server.close());
  /** auth-js has no time-outs of its own, and prints what fetch throws: both are its caller's to mend. */
  const client = (signal?: AbortSignal) =>
    new GoTrueAdminApi({
      url: `${server.url}/auth/v1`,
      headers: { Authorization: `Bearer ${key}`, apikey: key },
      fetch: async (input, init) => {
        try {
          return await fetch(input, { ...init, ...(signal && { signal }) });
        } catch {
          return new Response(null, { status: 504 });
        }
      },
    });
  return { server, client, admin: client() };
}

it("creates a user with our id, a confirmed address in lower case and what we say of it", async () => {
  const { admin, server } = await open();
  const { data, error } = await admin.createUser({
    id: ID,
    email: "Some.Body@Clinic.EXAMPLE",
    email_confirm: true,
    password_hash: BCRYPT,
    app_metadata: { practice_id: OTHER_ID, role: "doctor" },
  });
  expect(error).toBeNull();
  expect(data.user).toMatchObject({
    id: ID,
    email: "some.body@clinic.example",
    email_confirmed_at: expect.any(String),
    app_metadata: {
      provider: "email",
      providers: ["email"],
      practice_id: OTHER_ID,
      role: "doctor",
    },
    user_metadata: {},
  });
  expect(JSON.stringify(data)).not.toContain(BCRYPT);
  expect(server.users()).toMatchObject([{ passwordHash: BCRYPT }]);
});

it("says email_exists for an address that is taken, in whatever case, also by ourselves", async () => {
  const { admin } = await open();
  await admin.createUser({ id: ID, email: "front.desk@clinic.example" });
  for (const id of [ID, OTHER_ID]) {
    const { error } = await admin.createUser({ id, email: "Front.Desk@clinic.example" });
    expect(error).toMatchObject({ status: 422, code: "email_exists" });
  }
});

it("tells an id that is taken from no other fault", async () => {
  const { admin } = await open();
  await admin.createUser({ id: ID, email: "one@clinic.example" });
  const { error } = await admin.createUser({ id: ID, email: "two@clinic.example" });
  expect(error).toMatchObject({ status: 500, name: "AuthRetryableFetchError" });
});

it.each([
  ["bcrypt", BCRYPT, true],
  ["argon2id", ARGON2ID, true],
  ["argon2i", ARGON2ID.replace("argon2id", "argon2i"), true],
  ["PBKDF2", PBKDF2, false],
  ["Django's prefix before bcrypt", `bcrypt$${BCRYPT}`, false],
  ["Django's prefix before argon2", `argon2${ARGON2ID}`, false],
  ["argon2d", ARGON2ID.replace("argon2id", "argon2d"), false],
  ["version 16 of argon2", ARGON2ID.replace("v=19", "v=16"), false],
  ["more than 1 GiB of memory", ARGON2ID.replace("102400", "1048577"), false],
  ["more than 20 rounds", ARGON2ID.replace("t=2", "t=21"), false],
  ["more than 16 lanes", ARGON2ID.replace("p=8", "p=17"), false],
  ["padded base64", `${ARGON2ID}=`, false],
  ["an empty salt", ARGON2ID.replace("c2FsdHNhbHQ", ""), false],
  ["bcrypt of cost 3", BCRYPT.replace("$12$", "$03$"), false],
  ["bcrypt that was cut", BCRYPT.slice(0, 58), false],
])("imports a hash if GoTrue can read it: %s", async (_form, password_hash, taken) => {
  const { admin, server } = await open();
  const { error } = await admin.createUser({ id: ID, email: "a@clinic.example", password_hash });
  expect(error === null).toBe(taken);
  if (!taken) expect(error).toMatchObject({ status: 500 });
  expect(server.users()).toHaveLength(taken ? 1 : 0);
});

it.each([
  [{}, "validation_failed"],
  [{ email: "no at sign" }, "validation_failed"],
  [{ email: "花子@clinic.example" }, "validation_failed"],
  [{ email: " padded@clinic.example" }, "validation_failed"],
  [{ email: "a@clinic.example", id: "7" }, "validation_failed"],
  [{ email: "a@clinic.example", id: "00000000-0000-0000-0000-000000000000" }, "validation_failed"],
  [{ email: "a@clinic.example", password: "secret", password_hash: BCRYPT }, "validation_failed"],
])("refuses %j", async (attributes, code) => {
  const { admin } = await open();
  expect((await admin.createUser(attributes)).error).toMatchObject({ status: 400, code });
});

it("gets, updates and deletes by id; an update ignores a hash", async () => {
  const { admin, server } = await open();
  await admin.createUser({ id: ID, email: "a@clinic.example", app_metadata: { role: "user" } });
  const app_metadata = { role: "doctor" };
  await admin.updateUserById(ID, { app_metadata, password_hash: BCRYPT });
  expect(server.users()).toMatchObject([{ passwordHash: null }]);
  expect((await admin.getUserById(ID)).data.user?.app_metadata).toMatchObject(app_metadata);
  expect((await admin.deleteUser(ID)).error).toBeNull();
  for (const gone of [admin.getUserById(ID), admin.deleteUser(ID)])
    expect((await gone).error).toMatchObject({ status: 404, code: "user_not_found" });
});

it("lists in pages; the client's own count of them is wrong from the tenth on", async () => {
  const { admin } = await open();
  for (let n = 0; n < 23; n += 1) await admin.createUser({ email: `user${n}@clinic.example` });
  const seen = new Set<string>();
  for (let page = 1; ; page += 1) {
    const { data } = await admin.listUsers({ page, perPage: 2 });
    if (data.users.length === 0) break;
    expect("total" in data && data.total).toBe(23);
    // auth-js 2.109 reads one digit of the link: read on until a page is empty.
    if (page === 10) expect("nextPage" in data && data.nextPage).toBe(1);
    for (const user of data.users) seen.add(user.id);
  }
  expect(seen.size).toBe(23);
});

it("takes the service role's key only", async () => {
  const { admin, server } = await open({}, "another-key");
  const { error } = await admin.createUser({ email: "a@clinic.example" });
  expect(error).toMatchObject({ status: 403, code: "bad_jwt" });
  expect(server.users()).toEqual([]);
});

it.each(FAULT_NAMES)("plays %s, and goes on afterwards", async (fault) => {
  const wasDone = fault.startsWith("done-");
  const faults = { create: [{ fault, calls: 1 }] };
  const { admin, client, server } = await open({ faults, lateMs: 50 });
  const user = { id: ID, email: "a@clinic.example" };
  const patience = new AbortController();
  const first = client(patience.signal)
    .createUser(user)
    // What is no JSON auth-js throws, against its own types.
    .catch((error: unknown) => ({ error }));
  await vi.waitUntil(
    () => server.calls("create") === 1 && server.users().length === Number(wasDone),
  );
  if (SILENT.includes(fault)) patience.abort();
  expect((await first).error).not.toBeNull();
  // Whoever asks by id knows what became of a call that nobody answered.
  const { data } = await admin.getUserById(ID);
  expect(data.user !== null).toBe(wasDone);
  expect((await admin.createUser(user)).error).toEqual(
    wasDone ? expect.objectContaining({ code: "email_exists" }) : null,
  );
  expect(server.users()).toHaveLength(1);
});

const SILENT: readonly FaultName[] = ["hang", "done-but-silent", "done-late"];

it("lets so many calls through in a minute as the gateway is told to", async () => {
  const { admin, server } = await open({ requestsPerMinute: 2 });
  const codes: (number | undefined)[] = [];
  for (let n = 0; n < 4; n += 1)
    codes.push((await admin.createUser({ email: `user${n}@clinic.example` })).error?.status);
  expect(codes).toEqual([undefined, undefined, 429, 429]);
  expect(server.users()).toHaveLength(2);
  expect(server.calls("create")).toBe(4);
});
