import { createServer } from "node:net";
import { describe, expect, it } from "vitest";
import { ConfigurationError } from "../config/failure.ts";
import {
  connectionBroke,
  errorCode,
  mayPass,
  nextStep,
  noConnectionLeft,
  ofConnecting,
} from "./failures.ts";
import { openPool } from "./pool.ts";
import { refusalCode, refusalInWords } from "./refusals.ts";

const withCode = (code: string): Error => Object.assign(new Error("of PostgreSQL"), { code });

describe("what happens next after an error", () => {
  it.each([
    ["08006", "wait", "the connection failed"],
    ["57P01", "wait", "the server shuts down"],
    ["57P03", "wait", "the server starts up"],
    ["ECONNREFUSED", "wait", "nobody listens"],
    ["ECONNRESET", "wait", "the connection broke"],
    ["EAI_AGAIN", "wait", "the name server is away"],
    ["ECONNABORTED", "wait", "the connection was given up"],
    ["EADDRNOTAVAIL", "wait", "no port is left to connect from"],
    ["EMFILE", "wait", "no file descriptor is left"],
    ["EHOSTUNREACH", "wait", "no route"],
    ["ERR_SSL_WRONG_VERSION_NUMBER", "wait", "TLS broke"],
    ["ERR_STREAM_DESTROYED", "wait", "written to a socket that is gone"],
    ["DEPTH_ZERO_SELF_SIGNED_CERT", "wait", "another certificate"],
    ["EADDRINUSE", "wait", "a code that nobody thought of"],
    ["40001", "wait", "serialization failed"],
    ["40P01", "wait", "deadlock"],
    ["53100", "wait", "the disk is full"],
    ["53200", "wait", "out of memory"],
    ["53300", "wait", "too many connections"],
    ["55P03", "wait", "a lock was not to be had"],
    ["25006", "wait", "the server became a standby"],
    ["28000", "wait", "the login is refused"],
    ["28P01", "wait", "wrong password"],
    ["58030", "wait", "the server's disk fails"],
    ["57014", "retry", "the statement took too long"],
    ["53400", "retry", "a limit of the server's configuration, met by a statement"],
    ["25P03", "retry", "the transaction sat idle"],
    ["25P04", "retry", "the transaction took too long"],
    ["22001", "row", "text too long"],
    ["22P02", "row", "malformed value"],
    ["23503", "row", "parent missing"],
    ["23505", "row", "duplicate key"],
    ["42P01", "person", "no such table"],
    ["42501", "person", "no privilege"],
    ["44000", "row", "a view's check"],
    ["54000", "row", "more than an index can hold"],
    ["0A000", "row", "what cannot be done with a row"],
    ["P0001", "row", "a trigger raised"],
    ["XX000", "person", "internal error"],
  ])("%s is: %s (%s)", (code, step) => {
    expect(nextStep(withCode(code))).toBe(step);
  });

  it.each([
    ["exec_stmt_raise", "40001", "row"],
    ["exec_stmt_raise", "53100", "wait"],
    ["exec_stmt_raise", "57P03", "wait"],
    ["exec_stmt_raise", "PT409", "row"],
    ["ExecWithCheckOptions", "42501", "row"],
    ["aclcheck_error", "42501", "person"],
  ])("what %s of the server reports as %s is: %s", (routine, code, step) => {
    expect(nextStep(Object.assign(withCode(code), { routine }))).toBe(step);
  });

  it.each([
    "Client has encountered a connection error and is not queryable",
    "Client was closed and is not queryable",
    "Connection terminated unexpectedly",
    "Connection terminated",
    "Connection terminated due to connection timeout",
    "timeout exceeded when trying to connect",
    "timeout expired",
    "Query read timeout",
    "The server does not support SSL connections",
    "There was an error establishing an SSL connection",
    "Client network socket disconnected before secure TLS connection was established",
    "SASL: SCRAM-SERVER-FIRST-MESSAGE: client password must be a string",
    "Received unexpected rowDescription message from backend.",
  ])("without a code, in node-postgres' words, is to wait: %s", (message) => {
    expect(nextStep(new Error(message))).toBe("wait");
  });

  it.each([
    ["XX000", "tenant or user not found", "ERROR"],
    ["XX000", "(EDBHANDLEREXITED) DbHandler exited", "ERROR"],
    ["XX000", "something of a pooler's", "FATAL"],
    ["3D000", "no such database", "FATAL"],
    ["42501", "permission denied for database", "FATAL"],
    ["22023", "invalid value for a parameter at the start of a session", "FATAL"],
    ["0A000", "a parameter that a pooler does not know", "FATAL"],
  ])("%s (%s, %s) is of the session: wait", (code, message, severity) => {
    expect(nextStep(Object.assign(new Error(message), { code, severity }))).toBe("wait");
  });

  it.each([
    [
      "XX000",
      "MaxClientsInSessionMode: max clients reached - in Session mode max clients are limited to pool_size",
    ],
    [
      "XX000",
      "(EMAXCONNSESSION) max clients reached in session mode - max clients are limited to pool_size: 15",
    ],
    ["XX000", "Max client connections reached"],
    ["XX000", "(EMAXCLIENTCONN) max client connections reached, limit: 200"],
    ["XX000", "(ECHECKOUTTIMEOUT) unable to check out connection from the pool after 60000ms"],
    ["08P01", "no more connections allowed (max_client_conn)"],
    ["08P01", "query_wait_timeout"],
    ["58000", "could not get connection from the pool"],
    ["58000", "could not get connection from the pool - AllServersDown"],
    ["53300", "sorry, too many clients already"],
    ["53300", "remaining connection slots are reserved for roles with the SUPERUSER attribute"],
  ])("%s, %s, is no connection left for us, whatever its severity", (code, message) => {
    for (const severity of ["ERROR", "FATAL"]) {
      const error = Object.assign(new Error(message), { code, severity });
      expect([nextStep(error), noConnectionLeft(error), connectionBroke(error)]).toEqual([
        "wait",
        true,
        false,
      ]);
      expect(refusalInWords(refusalCode(error)).says).toMatch(/^it has no connection left for us/);
    }
  });

  it("tells a limit that a statement met from connections that are missing", () => {
    const { says, next } = refusalInWords(refusalCode(withCode("53400")));
    expect(says).toMatch(/^a statement met a limit of its configuration/);
    expect(next).toMatch(/temp_file_limit.*BATCH_ROWS/);
    expect(["53400", "53300", "57014"].map((code) => mayPass(withCode(code)))).toEqual([
      false,
      true,
      true,
    ]);
  });

  it.each([
    ["XX000", "tenant or user not found"],
    ["XX001", "invalid page in block 3 of relation"],
    ["08006", "connection failure"],
    ["58030", "could not read block"],
  ])("%s, %s, is something else than a connection that is missing", (code, message) => {
    expect(noConnectionLeft(Object.assign(new Error(message), { code }))).toBe(false);
  });

  it.each([
    [
      "08001",
      'could not connect to server "elsewhere"',
      "a row's trigger may have asked elsewhere",
    ],
    ["57P01", "terminating connection due to administrator command", "the session ended"],
  ])("%s, %s: %s, and that may be the row's doing", (code, message) => {
    expect(connectionBroke(Object.assign(new Error(message), { code, severity: "FATAL" }))).toBe(
      true,
    );
  });

  it("of connecting has broken no statement's connection, whatever its code", () => {
    const error = withCode("XX000");
    expect(connectionBroke(ofConnecting(Object.assign(error, { severity: "FATAL" })))).toBe(false);
  });

  it("of each address of a name is to wait, with the first one's code", () => {
    const all = new AggregateError([withCode("ENETUNREACH"), withCode("ECONNREFUSED")], "");
    expect([nextStep(all), errorCode(all)]).toEqual(["wait", "ENETUNREACH"]);
  });

  it.each([
    Object.assign(new Error("Cannot create a string longer than 0x1fffffe8 characters"), {
      code: "ERR_STRING_TOO_LONG",
    }),
    Object.assign(new RangeError("out of range"), { code: "ERR_OUT_OF_RANGE" }),
    new ConfigurationError("LEGACY_URL: the connection times out over TLS"),
  ])("is for a person where a value or a variable was wrong: %s", (error) => {
    expect(nextStep(error)).toBe("person");
  });

  it.each([
    [withCode("57P01"), true],
    [withCode("08P01"), true],
    [withCode("ECONNRESET"), true],
    [withCode("53200"), true],
    [new Error("Connection terminated unexpectedly"), true],
    [new Error("Client has encountered a connection error and is not queryable"), true],
    [withCode("57P02"), false],
    [withCode("57P03"), false],
    [withCode("53300"), false],
    [withCode("53100"), false],
    [withCode("28P01"), false],
    [withCode("40P01"), false],
    [withCode("ECONNREFUSED"), false],
    [new Error("timeout exceeded when trying to connect"), false],
    [withCode("23505"), false],
    [new TypeError("a defect"), false],
  ])("%s: the connection broke under a statement: %s", (error, broke) => {
    expect(connectionBroke(error)).toBe(broke);
  });

  it("of no code is for a person, and so is what is no error", () => {
    expect(nextStep(new TypeError("a defect"))).toBe("person");
    expect(nextStep("08006")).toBe("person");
    expect(errorCode({ code: "08006" })).toBeUndefined();
    expect(errorCode(Object.assign(new Error("x"), { code: 7 }))).toBeUndefined();
  });

  it("is to wait where node-postgres says without a code that the connection ended", async (context) => {
    const server = createServer((socket) => socket.destroy());
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    context.onTestFinished(() => void server.close());
    const address = server.address();
    const port = typeof address === "object" ? address?.port : 0;
    const pool = openPool({
      url: `postgres://u@127.0.0.1:${port}/d`,
      max: 1,
      name: "test",
      onError: () => undefined,
    });
    const error: unknown = await pool.query("select 1").catch((error: unknown) => error);
    await pool.end();
    expect(nextStep(error)).toBe("wait");
  });
});
