import { execFile } from "node:child_process";
import { chmodSync, chownSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { unprivilegedAccount } from "./unprivileged.ts";

/** Certificates of a folder of their own, made by openssl; each `key` lies beside its `cert`. */
export interface Certificates {
  /** The CA of `server`, `elsewhere` and `client`, and one that signed nothing. */
  readonly ca: string;
  readonly otherCa: string;
  /** For localhost and 127.0.0.1; for another host name; signed by itself. */
  readonly server: Pair;
  readonly elsewhere: Pair;
  readonly selfSigned: Pair;
  remove(): void;
}

interface Pair {
  readonly cert: string;
  readonly key: string;
}

/** Makes them. Takes about 0.3 s. They belong to the account that servers of tests run under. */
export async function makeCertificates(): Promise<Certificates> {
  const folder = mkdtempSync(join(tmpdir(), "nexus-certificates-"));
  await selfSigned(folder, "ca", "nexus test CA");
  await selfSigned(folder, "other", "another CA");
  await selfSigned(folder, "self", "localhost");
  await signed(folder, "server", "DNS:localhost,IP:127.0.0.1");
  await signed(folder, "elsewhere", "DNS:db.elsewhere.example");
  own(folder);
  const pair = (name: string): Pair => ({
    cert: join(folder, `${name}.crt`),
    key: join(folder, `${name}.key`),
  });
  return {
    ca: pair("ca").cert,
    otherCa: pair("other").cert,
    server: pair("server"),
    elsewhere: pair("elsewhere"),
    selfSigned: pair("self"),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

const KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];

async function selfSigned(folder: string, name: string, subject: string): Promise<void> {
  const out = ["-keyout", `${name}.key`, "-out", `${name}.crt`];
  await openssl(folder, ["req", "-x509", ...KEY, ...out, "-days", "2", "-subj", `/CN=${subject}`]);
}

async function signed(folder: string, name: string, names: string): Promise<void> {
  await openssl(folder, [
    "req",
    ...KEY,
    "-keyout",
    `${name}.key`,
    "-out",
    `${name}.csr`,
    "-subj",
    `/CN=${name}`,
  ]);
  writeFileSync(join(folder, `${name}.ext`), `subjectAltName=${names}\n`);
  const by = [
    "-CA",
    "ca.crt",
    "-CAkey",
    "ca.key",
    "-CAcreateserial",
    "-days",
    "2",
    "-extfile",
    `${name}.ext`,
  ];
  await openssl(folder, ["x509", "-req", "-in", `${name}.csr`, ...by, "-out", `${name}.crt`]);
}

async function openssl(folder: string, args: readonly string[]): Promise<void> {
  await promisify(execFile)("openssl", args, { cwd: folder });
}

/** PostgreSQL takes no key that others may read. */
function own(folder: string): void {
  const account = unprivilegedAccount();
  for (const name of [".", ...readdirSync(folder)]) {
    const file = join(folder, name);
    if (name.endsWith(".key")) chmodSync(file, 0o600);
    if (account !== undefined) chownSync(file, account.uid, account.gid);
  }
}
