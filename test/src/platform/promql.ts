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
