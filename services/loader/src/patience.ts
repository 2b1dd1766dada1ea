/**
 * What this process does while a server refuses: one batch probes it, with growing pauses, all others wait; and it says so, in the
 * ledger and in its log, now and then.
 */
import { type Pool, refusalInWords, type Server } from "@nexus/shared/database";
import { clearHold, holdsAll, recordHold } from "@nexus/shared/ledger";
import type { Handled } from "@nexus/shared/queue";
import type { Log } from "@nexus/shared/telemetry";

/** Milliseconds of the first pause; it doubles with each refusal, up to the longest. */
const FIRST_MS = 1_000;
const LONGEST_MS = 30_000;

/** The longest where connections are scarce: others give theirs back after a while, and take them again. */
const SCARCE = { code: /^(53300|no_connection_left)$/, longestMs: 4_000 };

/** Milliseconds between two lines of the log about one server. */
const QUIET_MS = 30_000;

/** Milliseconds after which those that wait look again while one probes. */
const PROBED_MS = 1_000;

interface Held {
  code: string;
  refusals: number;
  probeAt: number;
  probing: boolean;
}

export interface Patience {
  /** Does `work` unless a server refuses and another batch is probing it, or it is too early: then the job comes back. */
  whenLetIn(work: () => Promise<Handled>): Promise<Handled>;
  /** A server refused everything. Returns the milliseconds until it is probed again. */
  refused(server: Server, code: string, facts: object): number;
  /** Both servers did what was asked. */
  answered(): void;
  /** Whether a server refuses at the moment: throws its code. */
  requireOpen(server: Server): Promise<void>;
}

/** Where it is said that a server refuses. */
interface Told {
  readonly target: Pool;
  readonly log: Log;
}

export function openPatience({ target, log }: Told): Patience {
  const held = new Map<Server, Held>();
  const saidAt = new Map<Server, number>();
  return {
    whenLetIn: (work) => whenLetIn(held, work),
    refused: (server, code, facts) => {
      const now = performance.now();
      const one = remember(held, server, code, now);
      if (now - (saidAt.get(server) ?? -Infinity) >= QUIET_MS) {
        saidAt.set(server, now);
        const { says } = refusalInWords(code);
        log.warn({ ...facts, server, code, says }, "a server is away, the batch waits");
      }
      unheard(recordHold(target, server, code));
      return Math.max(0, one.probeAt - now);
    },
    answered: () => {
      for (const server of held.keys()) {
        held.delete(server);
        saidAt.delete(server);
        log.info({ server }, "a server answers again, batches go on");
        unheard(clearHold(target, server));
      }
    },
    requireOpen: async (server) => {
      const code = held.get(server)?.code;
      if (code !== undefined && holdsAll(code)) throw new Error(code);
    },
  };
}

/** Whatever the ledger answers: what cannot be written there is in the log. */
function unheard(told: Promise<void>): void {
  told.catch(() => undefined);
}

async function whenLetIn(
  held: ReadonlyMap<Server, Held>,
  work: () => Promise<Handled>,
): Promise<Handled> {
  const now = performance.now();
  const mine = [...held.values()].filter(({ code }) => holdsAll(code));
  const restMs = Math.max(0, ...mine.map((one) => (one.probing ? PROBED_MS : one.probeAt - now)));
  if (restMs > 0) return { kind: "later", ms: Math.ceil(restMs + Math.random() * PROBED_MS) };
  for (const one of mine) one.probing = true;
  return await work().finally(() => mine.forEach((one) => (one.probing = false)));
}

/** Refusals that come in before the next probe were under way already: they do not make the pause longer. */
function remember(held: Map<Server, Held>, server: Server, code: string, now: number): Held {
  const one = held.get(server) ?? { code, refusals: 0, probeAt: 0, probing: false };
  one.code = code;
  if (now >= one.probeAt) {
    one.probeAt =
      now +
      Math.min(
        SCARCE.code.test(code) ? SCARCE.longestMs : LONGEST_MS,
        FIRST_MS * 2 ** one.refusals,
      );
    one.refusals++;
  }
  held.set(server, one);
  return one;
}
