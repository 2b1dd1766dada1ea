/** PromQL, read by Prometheus' own grammar. */
import { parser } from "@prometheus-io/lezer-promql";

/** The series that an expression names. Throws where it is no PromQL. */
export function seriesIn(expression: string): string[] {
  const series: string[] = [];
  parser.parse(expression).iterate({
    enter: ({ type, from, to, node }) => {
      if (type.isError) throw new Error(`not PromQL at ${from}: ${expression}`);
      const named = type.name === "Identifier" && node.parent?.type.name === "VectorSelector";
      if (named) series.push(expression.slice(from, to));
    },
  });
  return series;
}

/** Each series that an expression names, and the aggregation that it meets first: `max`, `sum`; none: undefined. */
export function aggregationsIn(expression: string): { series: string; by: string | undefined }[] {
  const found: { series: string; by: string | undefined }[] = [];
  const around: string[] = [];
  parser.parse(expression).iterate({
    enter: ({ type, from, to, node }) => {
      const text = expression.slice(from, to);
      if (type.name === "AggregateExpr") around.push("");
      if (type.name === "AggregateOp") around.splice(-1, 1, text);
      if (type.name === "Identifier" && node.parent?.type.name === "VectorSelector")
        found.push({ series: text, by: around.at(-1) });
    },
    leave: ({ type }) => {
      if (type.name === "AggregateExpr") around.pop();
    },
  });
  return found;
}

/** The selectors of an expression, as they are written: `nexus_rows{outcome="loaded"}`. */
export function selectorsIn(expression: string): string[] {
  const selectors: string[] = [];
  parser.parse(expression).iterate({
    enter: ({ type, from, to }) => {
      if (type.name === "VectorSelector") selectors.push(expression.slice(from, to));
    },
  });
  return selectors;
}
