/** Dirt that a sample has not: what the contract says something of, dealt anew by each seed. */
import type { Shape } from "@nexus/local/sample";
import { dice } from "@nexus/shared/testing";

/** Which dirt. `extensions`: the server can create citext. */
export interface Dirt {
  readonly shape: Shape;
  readonly seed: number;
  readonly extensions: boolean;
}

/** Of a hundred pieces of dirt a source has so many. */
const SHARE = 75;

/** SQL that makes a source dirtier: most of the pieces, each on rows of its own choice; a table or two are empty in every third source. */
export function dirtOf({ shape, seed, extensions }: Dirt): string {
  const { upTo, oneOf } = dice(seed);
  const pieces = [...EVERYWHERE, ...(shape === "real" ? REAL : REPORTED)];
  const types = [...TYPES[shape], ...(extensions ? CITEXT : [])];
  const chosen = [...pieces, ...types].filter(() => upTo(100) <= SHARE);
  const emptied = seed % 3 === 0 ? [oneOf(EMPTIED), oneOf(EMPTIED)] : [];
  const emptying = emptied.map((table) => `delete from ${table}`);
  return dealt([UNCONSTRAINED, ...chosen, ...emptying].join(";"), seed);
}

/** `id % n` is a die of n sides, thrown for each row by PostgreSQL's own hash; each place in the text has a die of its own. */
function dealt(sql: string, seed: number): string {
  let place = 0;
  return sql.replaceAll(
    /\bid % (\d+)/g,
    (_, sides: string) =>
      `((hashint8extended(id::bigint, ${seed * 1_000 + place++}) & 2147483647) % ${sides})::integer`,
  );
}

/** A pair of office and user may be there twice. */
const UNCONSTRAINED = `alter table dispatch_office_doctors
  drop constraint if exists dispatch_office_doctors_office_id_user_id_532b7817_uniq,
  drop constraint if exists dispatch_office_doctors_office_id_user_id_key`;

/** Offices and people are seldom none: too little would be left to be compared. */
const EMPTIED = [
  "dispatch_template",
  "dispatch_state",
  "dispatch_office_doctors",
  "dispatch_project",
  "dispatch_patient",
] as const;

const EVERYWHERE = [
  // An office beyond our keys is rejected, and what hangs on it is parked.
  String.raw`
  alter table dispatch_office alter id type bigint;
  alter table dispatch_office_doctors alter office_id type bigint;
  insert into dispatch_office select (jsonb_populate_record(o, '{"id": 3000000000}')).* from dispatch_office o order by id limit 1;
  update dispatch_office_doctors set office_id = 3000000000 where id % 9 = 0`,
  String.raw`
  update auth_user set email = (array[' É.Ω@EXAMPLE.COM' || chr(160), 'null', 'a b@c.d', 'a@@b', 'x@y' || chr(12288) || 'z',
    'ΑΣ@ΟΔΟΣ', 'İ@x.y', chr(9) || chr(65279)])[1 + id % 8] where id % 5 = 0`,
  "update auth_user set email = 'Front.Desk@Clinic.Example ' where id % 6 = 0",
  "update auth_user set email = (array['x' || chr(8239) || '@y', 'x' || chr(133) || '@y', 'x' || chr(8203) || '@y', 'x@y' || chr(11), '@', 'ẞ@ß', 'Ǆ@ǅ', 'x@'])[1 + id % 8] where id % 8 = 0",
  "update auth_user set date_joined = (array['infinity', '-infinity', '1899-12-31 23:59:59.999999+00', '1900-01-01 00:00:00+00'])[1 + id % 4]::timestamptz where id % 13 = 0",
  "update auth_user set last_login = (array['1850-01-01', '2020-02-29 01:02:03.4', '12345-06-07 08:09:10+00', '0044-03-15 BC'])[1 + id % 4]::timestamptz where id % 7 = 0",
  String.raw`update auth_user set first_name = chr(160) || E' \u3000x\v' || chr(8203) where id % 17 = 0`,
  "update auth_user set first_name = (array['محمد', 'สมชาย ', ' Ζωή', '🦷', 'e' || chr(769), 'नमस्ते', chr(8207) || 'דוד', '𠮷'])[1 + id % 8], last_name = (array['Ō', '이', '李 ', 'Ñ', 'ﬁ', 'İ', '   ', '\"''\\'])[1 + id % 8] where id % 4 = 0",
  "update dispatch_office set name = chr(160) || chr(65279) || chr(11) where id % 5 = 0",
  "update dispatch_office set name = (array['ร้าน', 'عيادة', '牙科', 'Стоматология', E'a\\nb', '👩‍⚕️'])[1 + id % 6], address = (array['', ' ', null, 'улица 1', '東京都', E'x\\ty'])[1 + id % 6] where id % 3 = 0",
  "update dispatch_project set size = -1 - id where id % 11 = 0",
  String.raw`update dispatch_project set name = E'\r\n' where id % 7 = 0`,
  "alter table auth_user alter is_staff type smallint using is_staff::int",
  "update dispatch_project set created_at = '1812-01-01' where id % 29 = 0; alter table dispatch_project alter created_at type timestamp",
  "update dispatch_project set creator_id = 800000000 + id where id % 9 = 0",
  "alter table dispatch_office_doctors alter office_id drop not null, alter user_id drop not null; update dispatch_office_doctors set office_id = case when id % 2 = 0 then office_id end, user_id = case when id % 2 = 0 then user_id end where id % 6 = 0",
];

const REAL = [
  String.raw`
  alter table dispatch_patient alter office_id type bigint;
  update dispatch_patient set office_id = 3000000000 where id % 23 = 0`,
  String.raw`
  alter table dispatch_patient alter archived type text using case when archived then 'Yes ' else '0' end;
  update dispatch_patient set archived = 'perhaps' where id % 37 = 0;
  update dispatch_patient set archived = ' ' where id % 31 = 0`,
  "update dispatch_patient set birthdate = (array['infinity', '-infinity', '1899-12-31', '1900-01-01', '2999-01-01', '0044-03-15 BC'])[1 + id % 6]::date where id % 5 = 0",
  "update dispatch_patient set submitted_at = (array['infinity', '1066-10-14'])[1 + id % 2]::timestamptz where id % 19 = 0",
  String.raw`
  update dispatch_patient set schemes = (array[repeat('[', 1200) || repeat(']', 1200), repeat('[', 1000) || repeat(']', 1000),
    '"' || repeat('\"[', 1500) || '"', '"\ud83d\ude00"', '"\ud800"', '"\\ud800"', '{"a": 1e999999}', '[1,2,]', 'null', '{"a": {"b": null}, "c": [null]}',
    '{"n": 12345678901234567890.10}', chr(65279) || '{}'])[1 + id % 12] where id % 3 = 0`,
  String.raw`
  update dispatch_patient set schemes = (array['true', '-0', '-0.0', '01', '+1', '1.', '.5', '1E2', '1e-30000', '"\u0000"', '{"":{"":[]}}', '{"a":1,"a":null}',
    '{"b":1,"a":2,"aa":3}', '[{"x":null},{}]', '{"t":"' || chr(9) || '"}', '{"c":"' || chr(127) || chr(133) || '"}', '/**/{}', '{"é":"\u00e9"}', '{} {}', 'NaN',
    '{"legacy": null}', '"\u00e9\n\/"', '[[],{}]', chr(160) || '[1]' || chr(12288)])[1 + id % 24] where id % 2 = 0`,
  "update dispatch_project set type = (array[99, -1, 11, 10])[1 + id % 4], status = (array[7, 1, 2])[1 + id % 3] where id % 6 = 0",
  String.raw`update dispatch_state set status = (array[11, 12, 13, -5])[1 + id % 4], "on" = id % 3 = 0 where id % 2 = 0`,
  String.raw`
  update dispatch_state set changed_at = '2020-01-01' where id % 5 = 0;
  alter table dispatch_state alter changed_at type text using changed_at::text;
  update dispatch_state set changed_at = (array['yesterday', '2021-02-30', ' 2021-03-04T05:06:07.5 ', '2021-03-04 05:06+09'])[1 + id % 4] where id % 8 = 0`,
  "update dispatch_template set task_name = ' ' where id % 4 = 0",
  "update dispatch_template set course_id = 4 where id % 5 = 0",
  "update dispatch_instruction set deleted = id % 2 = 0 where id % 3 = 0",
  "alter table dispatch_instruction alter patient_id drop not null; update dispatch_instruction set notes = (array['', E'\\t', 'หมายเหตุ', null, '{\"a\": 1}', chr(8232)])[1 + id % 6], patient_id = case when id % 5 > 0 then patient_id end where id % 7 = 0",
  "update dispatch_plan set original = id % 2 = 0",
  String.raw`
  insert into dispatch_office_doctors (office_id, user_id) select o.id, d.user_id from dispatch_office_doctors d, dispatch_office o
    where (d.id + o.id) % 3 = 0 and o.id < 1000000 on conflict do nothing`,
  "insert into dispatch_office_doctors (office_id, user_id) select office_id, user_id from dispatch_office_doctors order by id limit 5",
  "delete from dispatch_plan where id % 4 = 0",
  "delete from auth_user_groups where id % 3 = 0",
];

const REPORTED = [
  String.raw`
  alter table dispatch_project alter office_id type bigint;
  update dispatch_project set office_id = 3000000000 where id % 23 = 0`,
  String.raw`
  update dispatch_project set type = (array['Treatment Plan', ' 011 ', 'x-ray', '', 'scan', 'initial consultation'])[1 + id % 6],
    status = (array['In-Progress', '02', 'completed', 'nonsense', ' '])[1 + id % 5] where id % 3 = 0`,
  "update dispatch_patient set date_of_birth = (array['infinity', '1899-12-31', '1900-01-01', '2999-01-01'])[1 + id % 4]::date where id % 5 = 0",
  "update dispatch_patient set email = (array['', 'no mail', ' A@B ', null])[1 + id % 4], first_name = ' ' where id % 4 = 0",
  "update dispatch_patient set created_at = null, updated_at = 'infinity' where id % 9 = 0",
  "update dispatch_state set status = (array['On Hold', 'under-review', '11', '012', 'lost', ''])[1 + id % 6] where id % 2 = 0",
  "update dispatch_state set changed_at = '2020-01-01' where id % 5 = 0",
  "update dispatch_template set task_name = ' ', office_id = null where id % 4 = 0",
  "update dispatch_template set function = (array['', ' ', '００7', '-3', '1e3', 'ฟัน'])[1 + id % 6] where id % 3 = 0",
  "update dispatch_office set email = (array['A@B', 'x', '', null])[1 + id % 4], created_at = '1700-01-01' where id % 2 = 0",
  "alter table dispatch_project alter uid drop not null; update dispatch_project set uid = null where id % 17 = 0",
  "insert into dispatch_office_doctors (office_id, user_id) select office_id, user_id from dispatch_office_doctors order by id limit 5",
  "alter table dispatch_state alter project_id drop not null; update dispatch_state set project_id = null where id % 12 = 0",
];

/** Columns of other types than usual, of those that preflight lets through. */
const TYPES: Readonly<Record<Shape, readonly string[]>> = {
  real: [
    "alter table dispatch_office alter id drop default, alter id type numeric(12,0)",
    String.raw`alter table dispatch_office alter zip type integer using nullif(regexp_replace(zip, '\D', '', 'g'), '')::integer`,
    "alter table dispatch_project alter size type numeric(20,2)",
    "alter table dispatch_patient alter birthdate type timestamp using birthdate + time '13:45'",
    "alter table dispatch_project alter creator_id type text using ' +' || creator_id || '.0'",
  ],
  reported: [
    "alter table dispatch_office_doctors alter office_id type numeric(12,0)",
    "alter table dispatch_project alter size type text using size || '.00'",
    "alter table dispatch_patient alter date_of_birth type timestamp",
    "alter table dispatch_office alter created_at type timestamp, alter updated_at type text using updated_at::text",
    "alter table dispatch_project alter patient_id type double precision",
  ],
};

const CITEXT = [
  "create schema if not exists extensions; create extension citext schema extensions; alter table auth_user alter email type extensions.citext",
];
