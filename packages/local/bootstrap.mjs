/**
 * `node packages/local/bootstrap.mjs build|demo|test [arguments]`: from a fresh clone to what is built, the demo or the tests, with nothing but Node.
 * Installs what the lock file says if that has changed, builds what has changed, then runs the command.
 * Plain JavaScript without dependencies: it runs before there are any.
 */
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { commitOf } from "./commit.mjs";

const pnpm = "pnpm@12.21.0";
const windows = process.platform === "win32";
const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..");
const closingLines = join(root, "test-results", "closing-lines.txt");

const commands = { build: () => ({ code: 0 }), demo, test };

requireNode(20, 19);
const [name = "", ...args] = process.argv.slice(2);
const command = Object.hasOwn(commands, name)
  ? commands[name]
  : stop("usage: bootstrap.mjs build|demo|test [arguments]");
installIfNeeded();
build();
endAs(await command(args));

function demo(args) {
  return run([join(root, "packages/local/dist/demo/main.js"), ...args]);
}

/** The closing lines come after everything that vitest says. */
async function test(args) {
  rmSync(closingLines, { force: true });
  const end = await run([join(root, "node_modules/vitest/vitest.mjs"), "run", ...args]);
  if (existsSync(closingLines)) process.stdout.write(`\n${readFileSync(closingLines, "utf8")}`);
  else say("the tests ended without a result");
  return end;
}

function requireNode(major, minor) {
  const [here, below] = process.versions.node.split(".").map(Number);
  if (here > major || (here === major && below >= minor)) return;
  stop(
    `Node ${major}.${minor} or newer is needed; this is ${process.versions.node} (${process.execPath})`,
  );
}

/** A stamp in node_modules holds the hash of the lock file that was installed last. */
function installIfNeeded() {
  const stamp = join(root, "node_modules", ".nexus-lock");
  const lock = createHash("sha256")
    .update(readFileSync(join(root, "pnpm-lock.yaml")))
    .digest("hex");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === lock) return;
  say("installing dependencies");
  finish("npx", ["--yes", pnpm, "install", "--frozen-lockfile"], "the installation failed");
  writeFileSync(stamp, lock);
}

function build() {
  finish(
    process.execPath,
    [join(root, "node_modules/typescript/bin/tsc"), "-b"],
    "the build failed",
  );
  // Beside what was compiled of it: an image has no clone to ask.
  writeFileSync(join(root, "packages/shared/dist/commit"), `${commitOf(root)}\n`);
  buildDashboardIfNeeded();
}

/** Vite builds everything anew, in 2 s of a processor: a stamp beside its output holds the hash of what it was made from. */
function buildDashboardIfNeeded() {
  const output = join(root, "packages/dashboard/dist");
  const stamp = join(output, "web.hash");
  const made = hashOf([
    "packages/dashboard",
    "packages/contract/dist",
    "packages/catalog/dist",
    "pnpm-lock.yaml",
  ]);
  if (
    existsSync(join(output, "web/index.html")) &&
    existsSync(stamp) &&
    readFileSync(stamp, "utf8") === made
  )
    return;
  rmSync(stamp, { force: true });
  const vite = join(root, "packages/dashboard/node_modules/vite/bin/vite.js");
  finish(
    process.execPath,
    [vite, "build", "packages/dashboard"],
    "the dashboard could not be built",
  );
  writeFileSync(stamp, made);
}

/** Of files and folders with all that is in them, names included; what is built or installed in a folder itself does not count. */
function hashOf(paths) {
  const hash = createHash("sha256");
  const add = (path) => {
    const file = join(root, path);
    if (!statSync(file).isDirectory())
      hash.update(`${path}\0`).update(readFileSync(file)).update("\0");
    else
      for (const name of readdirSync(file).sort())
        if (name !== "dist" && name !== "node_modules") add(`${path}/${name}`);
  };
  paths.forEach(add);
  return hash.digest("hex");
}

/** Runs a command to its end; its output is shown only if it fails. */
function finish(command, args, failure) {
  const { status, error, stdout, stderr } = spawnSync(command, args, {
    cwd: root,
    env: outsideOfNpm(),
    shell: windows && command === "npx",
    stdio: ["ignore", "pipe", "pipe"],
    maxBuffer: 64 * 1024 * 1024,
    encoding: "utf8",
  });
  if (status === 0) return;
  process.stderr.write(`${stdout ?? ""}${stderr ?? ""}`);
  stop(error ? `${failure}: ${error.message}` : failure);
}

/**
 * Our environment without what `npm test` adds about itself, which would make npx look for its packages in this one.
 * What people set (registry, proxy, certificates) stays.
 */
function outsideOfNpm() {
  const about =
    /^npm_(command|execpath|lifecycle_|package_|config_(local_prefix|global_prefix|prefix)$)/;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !about.test(name)));
}

/**
 * Runs a Node script in the foreground. Signals are passed on. The channel lets the script notice that we were killed:
 * it gets a `disconnect` event.
 */
async function run(args) {
  const child = spawn(process.execPath, args, {
    cwd: root,
    stdio: ["inherit", "inherit", "inherit", "ipc"],
  });
  // At a terminal, Ctrl-C has reached the whole group already.
  process.on("SIGINT", () => process.stdin.isTTY || child.kill("SIGINT"));
  for (const signal of ["SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  whenNpmIsGone(() => child.kill("SIGTERM"));
  return await new Promise((resolve) => {
    child.on("error", (error) => stop(error.message));
    child.on("exit", (code, signal) => resolve({ code, signal }));
  });
}

/** `npm test` that is told to end ends its shell, which tells nobody: then we have another parent. */
function whenNpmIsGone(then) {
  if (!process.env["npm_lifecycle_event"]) return;
  const parent = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(watch);
    then();
  }, 500).unref();
}

/** Ends as a child did. */
function endAs({ code, signal }) {
  if (signal) {
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  } else process.exit(code);
}

function say(text) {
  process.stderr.write(`${text}\n`);
}

function stop(text) {
  say(text);
  process.exit(1);
}
