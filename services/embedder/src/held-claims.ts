/** The claims that this process works on. They are renewed while it lives, so that nobody else pays for the same texts, however slow it is. */
import type { Pool } from "@nexus/shared/database";
import type { Log } from "@nexus/shared/telemetry";
import { type Claim, releaseTexts, renewTexts } from "./claim-texts.ts";

export interface HeldClaims {
  /** From now on they are renewed, */
  hold(claims: readonly Claim[]): void;
  /** and from now on not any more: their texts are stored, or failed. */
  forget(claims: readonly Claim[]): void;
  /** They came to nothing: whoever wants may claim the texts at once. */
  letGo(claims: readonly Claim[]): Promise<void>;
  /** Whether a call may begin: nobody else can have claimed the text meanwhile. */
  isHeld(claim: Claim): boolean;
  /** Renews once; called often enough by itself. Claims that have run out, or that somebody else has, are dropped. */
  renew(): Promise<void>;
  stop(): void;
}

interface Held {
  readonly claim: Claim;
  /** By `performance.now()`. */
  readonly until: number;
}

/** Claims are renewed when so much of their time is over. */
const SHARE = 1 / 4;

/** `claimMs`: for how long a text is claimed. */
export function openHeldClaims(target: Pool, claimMs: number, log: Log): HeldClaims {
  const held = new Map<number, Held>();
  let renewing: Promise<void> = Promise.resolve();

  async function renewAll(): Promise<void> {
    const before = [...held.values()].map(({ claim }) => claim);
    if (before.length === 0) return;
    const until = performance.now() + claimMs;
    const renewed = await renewTexts(target, before, claimMs);
    for (const claim of before) {
      const newUntil = renewed.get(claim.id);
      if (!held.has(claim.id)) continue;
      if (newUntil === undefined) held.delete(claim.id);
      else held.set(claim.id, { claim: { ...claim, until: newUntil }, until });
    }
  }

  function renew(): Promise<void> {
    renewing = renewing
      .then(renewAll)
      .catch((err: unknown) => log.warn({ err }, "claims could not be renewed, trying again"));
    return renewing;
  }

  const timer = setInterval(() => void renew(), claimMs * SHARE);
  timer.unref();
  return {
    hold: (claims) => {
      const until = performance.now() + claimMs;
      for (const claim of claims) held.set(claim.id, { claim, until });
    },
    forget: (claims) => {
      for (const { id } of claims) held.delete(id);
    },
    letGo: async (claims) => {
      await renewing;
      const newest = claims.map((claim) => held.get(claim.id)?.claim ?? claim);
      for (const { id } of claims) held.delete(id);
      await releaseTexts(target, newest);
    },
    isHeld: ({ id }) => (held.get(id)?.until ?? 0) > performance.now(),
    renew,
    stop: () => clearInterval(timer),
  };
}
