/** In which format a report is wanted, and how it is told in it. */
import type { Report, ReportFormat } from "@nexus/contract";
import { documentOf } from "./document.ts";
import { toHtml } from "./html.ts";
import { toMarkdown } from "./markdown.ts";

const TYPES: Readonly<Record<string, ReportFormat>> = {
  "application/json": "json",
  "text/html": "html",
  "text/markdown": "md",
};

/** How each format is sent. */
export const SENT = {
  json: {
    type: "application/json; charset=utf-8",
    render: (report: Report) => JSON.stringify(report),
  },
  md: {
    type: "text/markdown; charset=utf-8",
    render: (report: Report) => toMarkdown(documentOf(report)),
  },
  html: {
    type: "text/html; charset=utf-8",
    render: (report: Report) => toHtml(documentOf(report)),
  },
} as const satisfies Record<ReportFormat, unknown>;

/** The format that an Accept header likes best. JSON where it says nothing, or names nothing that we have. */
export function acceptedFormat(accept: string | undefined): ReportFormat {
  const liked = (accept ?? "")
    .split(",")
    .map((range) => {
      const [type = "", ...parameters] = range.split(";").map((part) => part.trim().toLowerCase());
      const weight = parameters.find((one) => one.startsWith("q="))?.slice(2);
      return { format: TYPES[type], weight: weight === undefined ? 1 : Number(weight) };
    })
    .filter(({ format, weight }) => format !== undefined && weight > 0)
    .toSorted((a, b) => b.weight - a.weight);
  return liked[0]?.format ?? "json";
}
