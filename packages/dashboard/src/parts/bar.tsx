/** Rows by their outcome: as a bar, and as words. */
import { count } from "../words.ts";

export interface Outcomes {
  readonly expected: number;
  readonly read: number;
  readonly loaded: number;
  readonly rejected: number;
  readonly parked: number;
  readonly excluded: number;
}

const SHOWN = ["loaded", "parked", "rejected", "excluded"] as const;

/** Rows that have no outcome yet. */
export function leftOf({ expected, loaded, rejected, parked, excluded }: Outcomes): number {
  return Math.max(0, expected - loaded - rejected - parked - excluded);
}

/** The bar. Its words stand beside it, so screen readers skip it unless it has a label. */
export function Bar({
  of,
  thick,
  label,
}: {
  readonly of: Outcomes;
  readonly thick?: boolean;
  readonly label?: string;
}) {
  const whole = Math.max(1, of.expected, of.loaded + of.rejected + of.parked + of.excluded);
  const named =
    label === undefined ? { "aria-hidden": true } : { role: "img" as const, "aria-label": label };
  return (
    <div class={thick === true ? "bar thick" : "bar"} {...named}>
      {SHOWN.filter((outcome) => of[outcome] > 0).map((outcome) => (
        <span key={outcome} class={outcome} style={{ width: `${(100 * of[outcome]) / whole}%` }} />
      ))}
    </div>
  );
}

/** The same in words. */
export function OutcomeKeys({ of }: { readonly of: Outcomes }) {
  const rows = [...SHOWN.map((name) => [name, of[name]] as const), ["left", leftOf(of)] as const];
  const shown = rows.filter(([name, n]) => n > 0 || name !== "excluded");
  return (
    <dl class="keys">
      {shown.map(([name, n]) => (
        <div key={name}>
          <dt class={`key ${name}`}>{name === "left" ? "still to do" : name}</dt>
          <dd>{count(n)}</dd>
        </div>
      ))}
    </dl>
  );
}
