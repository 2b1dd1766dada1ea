/** The report of a run, to open or to keep. */
import { download } from "../api.ts";
import { token } from "../session.ts";
import { useSurroundings } from "../surroundings.ts";

const FORMATS = [
  ["html", "page"],
  ["md", "Markdown"],
  ["json", "JSON"],
] as const;

/** Links. A link cannot send a token: with one the report is fetched and saved as a file. */
export function ReportLinks({ runId }: { readonly runId: number }) {
  const { say } = useSurroundings();
  const save = (event: Event, format: string) => {
    if (token() === undefined) return;
    event.preventDefault();
    download("/v1/report", { run: runId, format }, `report-of-run-${runId}.${format}`).then(
      (name) => say(`${name} is saved.`),
      (error: unknown) => say(`The report cannot be had: ${String(error)}`),
    );
  };
  return (
    <p class="report">
      Report for stakeholders:{" "}
      {FORMATS.map(([format, name], at) => (
        <span key={format}>
          {at > 0 && ", "}
          <a
            href={`/v1/report?run=${runId}&format=${format}`}
            target="_blank"
            rel="noopener"
            onClick={(event) => save(event, format)}
          >
            {name}
          </a>
        </span>
      ))}
    </p>
  );
}
