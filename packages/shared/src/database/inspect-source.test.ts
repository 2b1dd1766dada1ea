/** What makes a source unfit, or worth a word, beside what it lacks. */
import { entities } from "@nexus/catalog";
import { describe, expect, it } from "vitest";
import type { SourceRules } from "../config/database-variables.ts";
import { freshDatabase, type TestContext } from "../testing/fresh.ts";
import { freshLogin } from "../testing/login.ts";
import type { Pool } from "./pool.ts";
import { preflightLegacy } from "./preflight-legacy.ts";
import { failureOf, look, openSource } from "./source.fixture.ts";

async function notes(legacy: Pool, rules?: SourceRules): Promise<string> {
  return (await preflightLegacy(legacy, entities, rules)).notes.map(({ says }) => says).join("\n");
}

describe("a column", () => {
  it("of a type that is not understood is refused, with the types that are", async (context) => {
    const url = await freshDatabase(context);
    for (const [column, type, named, understood] of [
      ["dispatch_template.id", "varchar(36)", "character varying(36)", "smallint, integer, bigint"],
      ["dispatch_template.id", "uuid using null", "uuid", "numeric"],
      ["dispatch_office.name", "bytea using null", "bytea", "text of any kind"],
      ["dispatch_patient.birthdate", "integer using null", "integer", "date, timestamp"],
      ["auth_user.is_staff", "uuid using null", "uuid", "boolean"],
    ] as const) {
      const unkeyed = column.endsWith(".id")
        ? "drop constraint dispatch_template_pkey, alter id drop not null,"
        : "";
      const alter = `alter table ${column.replace(".", ` ${unkeyed} alter `)} type ${type}`;
      await look(url, alter, async (legacy) => {
        const failure = String(await failureOf(legacy));
        expect(failure).toContain(`${column} is of type ${named}, and understood are `);
        expect(failure).toContain(understood);
      });
    }
  });

  it("that nobody reads may be of any type", async (context) => {
    await look(
      await freshDatabase(context),
      "alter table dispatch_office add logo bytea, add tax_rate money",
      async (legacy) => expect(await failureOf(legacy)).toBeUndefined(),
    );
  });

  it("that is converted is said, and the zone of times without one", async (context) => {
    await look(
      await freshDatabase(context),
      `alter table dispatch_project alter created_at type timestamp using null, alter size type numeric(20,2) using null;
       do $$ begin execute format('alter database %I set timezone = ''US/Pacific''', current_database()); end $$`,
      async (legacy) => {
        const said = await notes(legacy);
        expect(said).toContain("dispatch_project.size (numeric(20,2), as size)");
        expect(said).toMatch(
          /times without a zone in .*dispatch_project\.created_at.* are read as of US\/Pacific: the server's/,
        );
        const told = await notes(legacy, { LEGACY_TIMEZONE: "Asia/Tokyo" });
        expect(told).toContain("as of Asia/Tokyo: as LEGACY_TIMEZONE says");
        const misspelt = String(await failureOf(legacy, { LEGACY_TIMEZONE: "US/Pacifc" }));
        expect(misspelt).toContain("the server knows no zone US/Pacifc");
      },
    );
  });
});

const UNKEYED =
  "alter table dispatch_template drop constraint dispatch_template_pkey, alter id drop not null";
const TWO = "insert into dispatch_template (id) values (1), (1)";

/** What is done to a table without a primary key, and what preflight finds. */
const BAD_KEYS = [
  ["insert into dispatch_template (id) values (null), (null), (1)", "2 without a key"],
  [`${TWO}, (1), (2)`, "2 whose key another row has too"],
  [
    "alter table dispatch_template alter id type numeric; insert into dispatch_template (id) values (1), (1.5)",
    "1 whose key is no whole number",
  ],
  [
    "create unique index on dispatch_template (id); insert into dispatch_template (id) values (null), (1)",
    "1 without a key",
  ],
  [
    `create unique index on dispatch_template (id) where task_name = 'a'; ${TWO}`,
    "1 whose key another row has too",
  ],
  [
    `create unique index on dispatch_template (id, task_name); insert into dispatch_template (id, task_name) values (1, 'a'), (1, 'b')`,
    "1 whose key another row has too",
  ],
  [
    "alter table dispatch_template add primary key (id); create table more () inherits (dispatch_template); insert into dispatch_template (id) values (1); insert into more (id) values (1)",
    "1 whose key another row has too",
  ],
  [
    `${TWO}; alter table dispatch_template rename to kept; create view dispatch_template as select * from kept`,
    "1 whose key another row has too",
  ],
] as const;

/** A type of the key, keys, and how many rows preflight counts. */
const NAMELESS_KEYS = [
  ["bigint", "(-9223372036854775808), (1)", "1 rows"],
  ["numeric", "(-1e30), (-1e19), (-9223372036854775808), (1)", "3 rows"],
  ["numeric", "(1e30), ('NaN'), (9223372036854775808), (2147483648)", "3 rows"],
  ["float8", "('-Infinity'), ('Infinity'), ('NaN'), (1)", "3 rows"],
  ["real", "('-Infinity'), (1)", "1 rows"],
] as const;

describe("keys", () => {
  it("that are NULL, double or no whole numbers are counted and refused", async (context) => {
    const url = await freshDatabase(context);
    for (const [sql, found] of BAD_KEYS)
      await look(url, `${UNKEYED}; ${sql}`, async (legacy) => {
        const failure = String(await failureOf(legacy));
        expect(failure, sql).toContain(
          `rows of dispatch_template that cannot be told apart by id: ${found}: mend`,
        );
      });
  });

  it("that are beyond the target's integers are counted", async (context) => {
    await look(
      await freshDatabase(context),
      `alter table dispatch_template alter id type bigint;
       insert into dispatch_template (id) values (1), (2147483647), (2147483648), (9007199254740993), (-2147483649)`,
      async (legacy) =>
        expect(await notes(legacy)).toContain("3 rows of dispatch_template have keys beyond"),
    );
  });

  it("that no ledger can name are counted and refused: their rows could be neither read nor rejected", async (context) => {
    const url = await freshDatabase(context);
    for (const [type, keys, count] of NAMELESS_KEYS)
      await look(
        url,
        `alter table dispatch_state alter id type ${type}; insert into dispatch_state (id) values ${keys}`,
        async (legacy) =>
          expect(String(await failureOf(legacy)), keys).toContain(
            `${count} of dispatch_state have keys in id that no ledger can name (at or below -2^63, at or above 2^63, NaN or infinite): give them other keys`,
          ),
      );
  });

  it("at the very ends of what a ledger can name will do", async (context) => {
    const url = await freshDatabase(context);
    for (const type of ["bigint", "numeric"])
      await look(
        url,
        `alter table dispatch_state alter id type ${type};
         insert into dispatch_state (id) values (-9223372036854775807), (9223372036854775807)`,
        async (legacy) =>
          expect(await notes(legacy)).toContain("2 rows of dispatch_state have keys beyond"),
      );
  });

  it("that nothing keeps unique, and are, will do", async (context) => {
    await look(
      await freshDatabase(context),
      `${UNKEYED}; insert into dispatch_template (id) values (1), (2)`,
      async (legacy) => expect(await failureOf(legacy)).toBeUndefined(),
    );
  });
});

const POLICED = `alter table dispatch_patient enable row level security;
  create policy part on dispatch_patient using (user_id = '1')`;
const VIEWED = `alter table dispatch_patient rename to kept; alter table kept enable row level security;
  create view dispatch_patient as select * from kept`;

async function readerOf(context: TestContext, url: string): Promise<string> {
  return (await freshLogin(context, url)).username;
}

describe("row level security", () => {
  it("is refused wherever it applies to the reader", async (context) => {
    const url = await freshDatabase(context);
    const reader = await readerOf(context, url);
    for (const setUp of [
      POLICED,
      "alter table dispatch_patient enable row level security",
      `${POLICED}; create policy every on dispatch_patient using (true)`,
      `${POLICED}; alter table dispatch_patient force row level security; alter table dispatch_patient owner to $reader`,
      `${VIEWED}; grant select on kept to $reader; alter view dispatch_patient owner to $reader`,
    ])
      await look(
        url,
        setUp,
        async (legacy) => {
          const refused = `row level security keeps rows of dispatch_patient from role ${reader}: run "alter role ${reader} bypassrls"`;
          expect(String(await failureOf(legacy)), setUp).toContain(refused);
          expect(await notes(legacy, { LEGACY_ROW_SECURITY: "accept" }), setUp).toContain(refused);
        },
        reader,
      );
  });

  it("is none where it does not", async (context) => {
    const url = await freshDatabase(context);
    const reader = await readerOf(context, url);
    for (const setUp of [
      `${POLICED}; alter table dispatch_patient owner to $reader`,
      VIEWED,
      "create table other (id integer); alter table other enable row level security",
      `${POLICED}; alter role $reader bypassrls`,
    ])
      await look(
        url,
        setUp,
        async (legacy) => expect(await failureOf(legacy), setUp).toBeUndefined(),
        reader,
      );
  });
});

describe("a source that was never analysed", () => {
  it("is said to be so, until it is", async (context) => {
    await look(
      await freshDatabase(context),
      "insert into dispatch_template (id) values (1)",
      async (legacy) => {
        expect(await notes(legacy)).toMatch(/^never analysed: dispatch_template:/m);
        await legacy.query("analyze dispatch_template");
        expect(await notes(legacy)).not.toContain("never analysed");
      },
    );
  });
});

describe("a table that somebody has locked", () => {
  it("keeps no preflight waiting: the catalog says enough", async (context) => {
    await look(
      await freshDatabase(context),
      "insert into dispatch_template (id) values (1)",
      async (legacy, url) => {
        const owner = openSource(url);
        try {
          await owner.query("begin; lock table dispatch_template in access exclusive mode");
          expect(await notes(legacy)).toMatch(/^never analysed: dispatch_template:/m);
        } finally {
          await owner.end();
        }
      },
    );
  });
});
