/**
 * The command that saves the target before a run, to be shown to people: it holds no password.
 * pg_dump refuses tables with forced row security unless told to read as the worker's policy lets it, which is everything.
 */
export function backupCommand(targetUrl: string): string {
  const url = new URL(targetUrl);
  url.password = "";
  url.searchParams.delete("password");
  return `pg_dump --format=custom --enable-row-security --file=target-before-run.dump --dbname=${quoted(url.href)}`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
