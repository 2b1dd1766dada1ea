import { ProtocolError, type Frame } from "./frames.ts";
import { message } from "./messages.ts";

/**
 * One client's prepared statements. All clients share the backend's one session, and with it one set of names,
 * so each client's names are replaced by its own before a frame reaches the backend. Portals need no such care:
 * they end with their transaction, and nobody else runs anything before that.
 */
export interface ClientStatements {
  /** The frame as the backend may see it. To be called when the client has its turn, not earlier. */
  rename(frame: Frame): Buffer;
  /** Frames that close what the client prepared. */
  closing(): Buffer[];
}

/** PostgreSQL answers a Bind to this with 26000, the prepared statement does not exist: true, and no wrong rows. */
const REPLACED = "(unnamed, replaced by another client)";
const HEADER_BYTES = 5;

/** Returns a function that opens the name space of one more client. */
export function createStatements(): () => ClientStatements {
  let clients = 0;
  /** The unnamed statement is shared too, and lasts until the next Parse, whoever sends it. */
  let unnamedOwner = 0;

  return () => {
    const client = ++clients;
    const names = new Map<string, string>();

    /** Short names, because PostgreSQL looks at the first 63 bytes only. Known ones are kept: few, and all closed at the end. */
    function own(name: string): string {
      if (name === "") return unnamedOwner === client ? "" : REPLACED;
      const known = names.get(name) ?? `c${client}_${names.size}`;
      names.set(name, known);
      return known;
    }

    function rename(frame: Frame): Buffer {
      switch (frame.type) {
        case "P": {
          const [name, after] = readName(frame, HEADER_BYTES);
          if (name === "") unnamedOwner = client;
          return message("P", own(name), frame.bytes.subarray(after));
        }
        case "B": {
          const [portal, afterPortal] = readName(frame, HEADER_BYTES);
          const [name, after] = readName(frame, afterPortal);
          return message("B", portal, own(name), frame.bytes.subarray(after));
        }
        case "C":
        case "D":
          return renameTarget(frame, own);
        default:
          return frame.bytes;
      }
    }

    return {
      rename,
      closing: () => [...names.values()].map((name) => message("C", Buffer.from("S"), name)),
    };
  };
}

/** Close and Describe name a statement (S) or a portal (P). */
function renameTarget(frame: Frame, own: (name: string) => string): Buffer {
  if (frame.bytes.toString("latin1", HEADER_BYTES, HEADER_BYTES + 1) !== "S") return frame.bytes;
  const [name] = readName(frame, HEADER_BYTES + 1);
  return message(frame.type, Buffer.from("S"), own(name));
}

/** Reads the name at `start` and tells where it ends. */
function readName(frame: Frame, start: number): [name: string, after: number] {
  const end = frame.bytes.indexOf(0, start);
  if (end < 0) throw new ProtocolError("a name without its end");
  return [frame.bytes.toString("utf8", start, end), end + 1];
}
