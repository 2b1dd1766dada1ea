/** A choice among words, or all of them. */
interface SelectProps {
  readonly label: string;
  readonly value: string | undefined;
  readonly options: readonly string[];
  readonly choose: (value: string) => void;
  /** What no choice is called; without it one must be chosen. */
  readonly all?: string;
}

/** A labelled select. */
export function Select({ label, value, options, choose, all = "all" }: SelectProps) {
  return (
    <label class="field">
      <span>{label}</span>
      <select value={value ?? ""} onChange={({ currentTarget }) => choose(currentTarget.value)}>
        <option value="">{all}</option>
        {options.map((one) => (
          <option key={one} value={one}>
            {one}
          </option>
        ))}
      </select>
    </label>
  );
}
