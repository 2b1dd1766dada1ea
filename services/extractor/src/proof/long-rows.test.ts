/** Rows that are handed on in pieces arrive as they were, wherever a character is cut, and whether they are decoded on their way or not. */
import { inTransaction } from "@nexus/shared/database";
import { expect, it } from "vitest";
import { extractorUnderTest } from "../extractor.fixture.ts";
import { decodedPieces, piecesSql, PUT_TOGETHER, readPieces, writePieces } from "./long-rows.ts";

const ROWS = `select to_json(r)::text as row from (select id::text, note from notes order by id) r offset 0`;

it("puts together again what was cut, each row by itself, and leaves short ones out", async (context) => {
  const { legacy, target } = await extractorUnderTest(context);
  // A row of one piece, of some, and of more than one portion of pieces; a piece ends within a character.
  await legacy.query(
    `create table notes (id integer, note text);
     insert into notes values (1, 'short'), (2, repeat('é"', 20000)), (3, 'x' || repeat('€😀\\', 100000)), (4, repeat('ab', 2500000)), (5, repeat('y', 65536))`,
  );
  const expected = await legacy.query(
    "select id::text, md5(note) as hash from notes where id > 1 order by id",
  );
  for (const isDecoded of [false, true]) {
    const arrived = await inTransaction(legacy, async (source) => {
      await source.query(piecesSql(ROWS));
      const pieces = readPieces(source);
      return await inTransaction(target, async (tx) => {
        const rows = isDecoded ? decodedPieces(pieces, (row) => row.toString("utf8")) : pieces;
        await writePieces(tx, rows);
        return await tx.query(
          `select p."row" ->> 'id' as id, md5(p."row" ->> 'note') as hash from (${PUT_TOGETHER}) p order by 1`,
        );
      });
    });
    expect(arrived.rows).toEqual(expected.rows);
  }
});
