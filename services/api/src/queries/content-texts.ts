/** The texts of what a search found, composed anew as the embedder composes them: none is stored with the vectors. */
import { type Content, contentOf, entities } from "@nexus/catalog";
import { asTenant, type Client, type Pool } from "@nexus/shared/database";
import { chunk } from "@nexus/shared/embedding";

/** A piece of content that was found. */
export interface Piece {
  readonly type: string;
  readonly id: string;
  readonly chunk: number;
}

/** The texts by `type:id:chunk`, as far as a member of the practice sees the rows, and they still have so many pieces. */
export async function contentTexts(
  target: Pool,
  practiceId: string,
  pieces: readonly Piece[],
): Promise<ReadonlyMap<string, string>> {
  const contents = contentOf(entities);
  const types = [...new Set(pieces.map(({ type }) => type))];
  return await asTenant(target, practiceId, async (tx) => {
    const texts = new Map<string, string>();
    for (const type of types) {
      const content = contents.get(type);
      const ids = pieces.filter((piece) => piece.type === type).map(({ id }) => id);
      if (content === undefined) continue;
      for (const [id, text] of await read(tx, content, ids))
        for (const [nth, piece] of chunk(text).entries())
          texts.set(pieceKey({ type, id, chunk: nth }), piece);
    }
    return texts;
  });
}

/** What a piece is known by. */
export function pieceKey({ type, id, chunk }: Piece): string {
  return `${type}:${id}:${chunk}`;
}

async function read(
  tx: Client,
  { table, columns, compose }: Content,
  ids: readonly string[],
): Promise<(readonly [id: string, text: string])[]> {
  const { rows } = await tx.query<{ id: string }>(
    `select id::text, ${columns.join(", ")} from public.${table} where id = any($1::uuid[])`,
    [ids],
  );
  return rows.map((row) => [row.id, compose(row)]);
}
