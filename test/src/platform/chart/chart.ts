/** The templates of the Helm chart, made from what kustomize makes of the base and the components. */
import { type Document, parseAllDocuments } from "yaml";
import { render, renderComponent } from "../manifests.ts";
import { fill, nameOf } from "./fill.ts";
import { template } from "./placeholders.ts";

/** Components that add objects of their own, and when. What others change in the base are values. */
const COMPONENTS: Readonly<Record<string, string>> = {
  keda: 'eq .Values.autoscaling.by "keda"',
  hpa: 'eq .Values.autoscaling.by "hpa"',
  monitoring: ".Values.monitoring.pods",
  "monitoring-shared": ".Values.monitoring.shared",
  "external-secrets": ".Values.externalSecret.create",
  "eks-pod-identity": ".Values.bedrock.podIdentityAgent",
  "ingress-nginx": 'eq .Values.ingress.by "nginx"',
  alb: 'eq .Values.ingress.by "alb"',
  tracing: ".Values.tracing",
  accounts: ".Values.accounts",
  backup: ".Values.backup.nightly",
};

const GENERATED = "# Made by `npm run chart` from the manifests of k8s/: change those.\n";

/** Each file of templates/ and its text. */
export function templates(): ReadonlyMap<string, string> {
  // The namespace is Helm's matter: --create-namespace.
  const all = documentsOf(render("base"));
  const known = new Set(all.map(nameOf));
  const base = all.filter((one) => one.get("kind") !== "Namespace");
  const files = new Set(base.map(fileOf));
  return new Map([
    ...[...files].map(
      (file) => [file, textOf(base.filter((one) => fileOf(one) === file))] as const,
    ),
    ...Object.entries(COMPONENTS).map(([component, when]) => {
      const added = documentsOf(renderComponent(component)).filter(
        (one) => !known.has(nameOf(one)),
      );
      return [`${component}.yaml`, `{{- if ${when} }}\n${textOf(added)}{{- end }}\n`] as const;
    }),
  ]);
}

function documentsOf(text: string): Document[] {
  return parseAllDocuments(text);
}

/** Services by their name, the rest by its kind. */
function fileOf(document: Document): string {
  const kind = String(document.get("kind"));
  if (!/^(Deployment|Service|Job)$/.test(kind)) return `${dashed(kind)}.yaml`;
  return `${nameOf(document).replace(/^\w+ nexus-/, "")}.yaml`;
}

function dashed(kind: string): string {
  return kind.replaceAll(/(?<!^)[A-Z]/g, "-$&").toLowerCase();
}

function textOf(documents: readonly Document[]): string {
  return GENERATED + documents.map(filled).join("---\n");
}

function filled(document: Document): string {
  fill(document);
  return template(document);
}
