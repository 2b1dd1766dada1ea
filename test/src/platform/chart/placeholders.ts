/**
 * Places that the chart fills. A document of kustomize is given placeholders, and they become actions of Helm's template language; every
 * other pair of braces is text, as that of Prometheus and Grafana is.
 */
import type { Document } from "yaml";

/** A value within a scalar: `replicas: {{ .Values.api.replicas }}`. */
export const value = (expression: string): string => `<<value ${expression}>>`;

/** A map or a list of which the chart has a default. */
export const block = (expression: string): string => `<<block ${expression}>>`;

/** A field that is left out where the expression is empty. */
export const optional = (expression: string): string => `<<optional ${expression}>>`;

/** A number that is left out where there is none; 0 is one. */
export const given = (expression: string): string => `<<given ${expression}>>`;

/** The key of an entry whose value is the expression of more entries. */
export const MORE = "<<more>>";

/** An item that stands for more items. */
export const items = (expression: string): string => `<<items ${expression}>>`;

const VALUE = /<<value (.*?)>>/g;
const FIELD = /^([ -]*)([\w./-]+:) ["']?<<(block|optional|given) (.*?)>>["']?$/gm;
const ENTRIES = /^( *)(?:"?<<more>>"?: |- ["']?<<items )(.*?)(?:>>["']?)?$/gm;

/** The text of a document, its placeholders as actions. */
export function template(document: Document): string {
  return document
    .toString({ lineWidth: 0 })
    .replace(/^---\n/, "")
    .replaceAll("{{", '{{ "{{" }}')
    .replaceAll(VALUE, (_, expression: string) => `{{ ${expression} }}`)
    .replaceAll(FIELD, (_, indent: string, key: string, kind: string, expression: string) =>
      field(`${indent}${key}`, kind, expression, indent.length + 2),
    )
    .replaceAll(
      ENTRIES,
      (_, indent: string, expression: string) =>
        `${indent}{{- with ${expression} }}\n${indent}{{- toYaml . | nindent ${indent.length} }}\n${indent}{{- end }}`,
    );
}

function field(key: string, kind: string, expression: string, indent: number): string {
  if (kind === "block") return `${key} {{- toYaml ${expression} | nindent ${indent} }}`;
  const before = key.slice(0, indent - 2);
  return kind === "given"
    ? `${before}{{- if not (kindIs "invalid" ${expression}) }}\n${key} {{ ${expression} }}\n${before}{{- end }}`
    : `${before}{{- with ${expression} }}\n${key} {{- toYaml . | nindent ${indent} }}\n${before}{{- end }}`;
}
