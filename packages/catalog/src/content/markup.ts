/** What people pasted, without what browsers need of it: HTML's tags and pictures say nothing. The time is linear in the text's length. */

/** A picture or file that is written out. It says nothing, however long it is. */
const DATA_URL = /data:[a-z]+\/[\w.+-]+(?:;[\w=.-]+)*,[\w+/=%-]*/gi;

/** What only programs read, with its content. */
const PROGRAM = /<(style|script)\b[^<>]*>[^<]*<\/\1\s*>/gi;

const INLINE = "a|abbr|b|big|code|del|em|font|i|ins|mark|s|small|span|strike|strong|sub|sup|u|wbr";
const BLOCK =
  "address|article|aside|audio|blockquote|body|br|button|caption|center|col|colgroup|dd|div|dl|dt|embed|fieldset|figcaption|figure|footer|form|h[1-6]|head|header|hr|html|iframe|img|input|label|legend|li|link|main|meta|nav|object|ol|option|p|param|pre|q|script|section|select|source|style|svg|table|tbody|td|textarea|tfoot|th|thead|title|tr|ul|video";

/** Elements of HTML only: `overjet <3 mm` and `x < y > z` are no tags. None reaches beyond the next `<`. */
const INLINE_TAG = new RegExp(`</?(?:${INLINE})(?=[\\s/>])[^<>]*>`, "gi");
const BLOCK_TAG = new RegExp(
  `</?(?:${BLOCK})(?=[\\s/>])[^<>]*>|<!--[^<>]*-->|<!doctype[^<>]*>`,
  "gi",
);

const ENTITIES: ReadonlyMap<string, string> = new Map([
  ["nbsp", " "],
  ["lt", "<"],
  ["gt", ">"],
  ["quot", '"'],
  ["#39", "'"],
  ["apos", "'"],
  ["amp", "&"],
]);
const ENTITY = /&(nbsp|lt|gt|quot|#39|apos|amp);/g;

/** A text without markup is given back as it is. */
export function withoutMarkup(text: string): string {
  const plain = text
    .replace(DATA_URL, " ")
    .replace(PROGRAM, " ")
    .replace(INLINE_TAG, "")
    .replace(BLOCK_TAG, "\n")
    .replace(ENTITY, (_, name: string) => ENTITIES.get(name) ?? " ");
  return plain === text ? text : plain.replace(/[^\S\n]+/g, " ").replace(/ ?\n[ \n]*/g, "\n");
}
