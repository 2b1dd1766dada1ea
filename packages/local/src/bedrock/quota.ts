/** Requests and tokens of any one minute, by a log of what was let in: exact, whichever minute is looked at. */
interface Limits {
  /** null = no limit. */
  readonly requestsPerMinute: number | null;
  readonly tokensPerMinute: number | null;
  readonly minuteMs: number;
}

export interface Quota {
  /** Lets a call of `tokens` in, or says what there is too much of. `now` in milliseconds, never decreasing. */
  admit(tokens: number, limits: Limits, now: number): "admitted" | "requests" | "tokens";
}

/** A quota of which nothing is used. */
export function openQuota(): Quota {
  let log: { readonly at: number; readonly tokens: number }[] = [];
  let gone = 0;
  let tokensInLog = 0;
  /** Forgets what is over a minute old; cuts the log only now and then, since cutting copies it. */
  function forget(before: number): void {
    for (let oldest = log[gone]; oldest !== undefined && oldest.at <= before; oldest = log[gone]) {
      tokensInLog -= oldest.tokens;
      gone += 1;
    }
    if (gone < 10_000 && gone < log.length) return;
    log = log.slice(gone);
    gone = 0;
  }
  return {
    admit(tokens, { requestsPerMinute, tokensPerMinute, minuteMs }, now) {
      forget(now - minuteMs);
      if (log.length - gone + 1 > (requestsPerMinute ?? Infinity)) return "requests";
      if (tokensInLog + tokens > (tokensPerMinute ?? Infinity)) return "tokens";
      log.push({ at: now, tokens });
      tokensInLog += tokens;
      return "admitted";
    },
  };
}
