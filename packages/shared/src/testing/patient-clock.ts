import { cpus } from "node:os";

/** What the processors of this machine have done so far, in any unit. */
export interface Work {
  readonly idle: number;
  readonly total: number;
}

/** The most that time is stretched: on a machine whose processors are never idle, 10 s by this clock are 100 s. */
const SLOWEST = 0.1;
const SAMPLE_MS = 500;

const timeNow = (): number => performance.now();

/**
 * A clock for limits of patience: it slows down while the processors are busy, with our work or with somebody else's, because what
 * waits for a processor is slow and does not stand still. Returns the milliseconds that count since it was made.
 */
export function patientClock(pace = paceOfThisMachine, now = timeNow): () => number {
  let [since, counted] = [now(), 0];
  return () => {
    const time = now();
    counted += (time - since) * pace();
    since = time;
    return counted;
  };
}

/** The share of the processors' time in which they were idle lately, but never less than a tenth. */
export function paceOf(work: () => Work, now: () => number): () => number {
  let [seen, sampled, pace] = [work(), now(), 1];
  return () => {
    if (now() - sampled < SAMPLE_MS) return pace;
    const done = work();
    const [idle, total] = [done.idle - seen.idle, done.total - seen.total];
    if (total > 0) pace = Math.min(1, Math.max(SLOWEST, idle / total));
    [seen, sampled] = [done, now()];
    return pace;
  };
}

function workOfThisMachine(): Work {
  const times = cpus().map((cpu) => cpu.times);
  const idle = times.reduce((sum, one) => sum + one.idle, 0);
  return {
    idle,
    total: times.reduce((sum, { user, nice, sys, irq }) => sum + user + nice + sys + irq, idle),
  };
}

/** One for the process, so that a wait that has just begun knows it already. */
const paceOfThisMachine = paceOf(workOfThisMachine, timeNow);
