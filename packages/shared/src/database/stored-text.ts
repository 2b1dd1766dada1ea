/** Bytes of a source as text, by the label of the Encoding standard that is true of them. */

/** SQLSTATEs of a server that sends text: bytes that are not of the encoding, and characters that have no counterpart in ours. */
export const UNREADABLE_TEXT = /^(22021|22P05)$/;

/** `whole`: every byte has a meaning; where not, U+FFFD stands for those that have none. */
export type Decode = (bytes: Buffer) => { readonly text: string; readonly whole: boolean };

/** What the standard makes of bytes that its one-byte encodings have no character for: a control character. */
const CONTROL = /[\u0080-\u009f]/;
const CONTROLS = /[\u0080-\u009f]/g;

/** The decoder of an encoding. Throws `RangeError` where the standard knows no such label. */
export function decoderOf(label: string): Decode {
  const strict = new TextDecoder(label, { fatal: true, ignoreBOM: true });
  if (strict.encoding === "windows-1252") return windows1252;
  const lenient = new TextDecoder(label, { ignoreBOM: true });
  const oneByte = /^(windows|iso)-/.test(strict.encoding);
  return (bytes) => {
    try {
      const text = strict.decode(bytes);
      if (!oneByte || !CONTROL.test(text)) return { text, whole: true };
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
    }
    const text = lenient.decode(bytes);
    return { text: oneByte ? text.replaceAll(CONTROLS, "\uFFFD") : text, whole: false };
  };
}

/** The characters of 0x80 to 0x9F. Releases of Node take this encoding for ISO 8859-1, which has none there. */
const WINDOWS = "€\uFFFD‚ƒ„…†‡ˆ‰Š‹Œ\uFFFDŽ\uFFFD\uFFFD‘’“”•–—˜™š›œ\uFFFDžŸ";

function windows1252(bytes: Buffer): ReturnType<Decode> {
  const text = bytes
    .toString("latin1")
    .replaceAll(CONTROLS, (character) => WINDOWS.charAt(character.charCodeAt(0) - 0x80));
  return { text, whole: !text.includes("\uFFFD") };
}

/** The label of the Encoding standard for the name that PostgreSQL has. Text of SQL_ASCII is held to be UTF-8 until somebody says otherwise. */
export function labelOf(serverEncoding: string): string {
  const name = serverEncoding.toLowerCase().replaceAll("_", "-");
  return LABELS[name] ?? name.replace(/^win(?=\d)/, "windows-").replace(/^iso-(?=8859-\d)/, "iso-");
}

const LABELS: Readonly<Record<string, string>> = {
  "sql-ascii": "utf-8",
  utf8: "utf-8",
  latin1: "iso-8859-1",
  latin2: "iso-8859-2",
  latin9: "iso-8859-15",
  koi8r: "koi8-r",
  koi8u: "koi8-u",
  "euc-cn": "gb2312",
  "euc-jis-2004": "euc-jp",
  sjis: "shift_jis",
  "shift-jis-2004": "shift_jis",
  uhc: "euc-kr",
};
