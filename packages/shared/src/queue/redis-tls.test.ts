/** A queue on a Redis with TLS: real servers, certificates of openssl. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Certificates, freePort, makeCertificates, startRedis } from "../testing/index.ts";
import { opened, redis } from "./redis.fixture.ts";

const probe = await startRedis();
if (probe.found) await probe.stop();

// Needs a real Redis: the embedded queue is none.
describe.skipIf(!probe.found)("a Redis with TLS", () => {
  let made: Certificates;
  beforeAll(async () => {
    made = await makeCertificates();
  });
  afterAll(() => made.remove());

  async function withTls({ cert, key }: { cert: string; key: string }): Promise<string> {
    const port = String(await freePort());
    const files = ["--tls-cert-file", cert, "--tls-key-file", key, "--tls-ca-cert-file", made.ca];
    await redis({ args: ["--tls-port", port, ...files, "--tls-auth-clients", "no"] });
    return `rediss://localhost:${port}`;
  }

  it("is let in by its CA, and by no other", async () => {
    const url = await withTls(made.server);
    expect(await opened(`${url}?sslrootcert=${made.ca}`)).toBe("open");
    expect(await opened(`${url}/1?sslmode=verify-full&sslrootcert=${made.ca}`)).toBe("open");
    expect(await opened(`${url}?sslmode=require`)).toBe("open");
    expect(await opened(url)).toMatch(/^ConfigurationError: .* is of a CA that is not known here/);
    expect(await opened(`${url}?sslrootcert=${made.otherCa}`)).toMatch(
      /is of a CA that is not known here/,
    );
    expect(await opened(url.replace("rediss", "redis"))).toMatch(
      /^UnavailableError: .* TLS needs rediss/,
    );
  });

  it("has another name, or a certificate of its own", async () => {
    const [elsewhere, own] = [await withTls(made.elsewhere), await withTls(made.selfSigned)];
    expect(await opened(`${elsewhere}?sslrootcert=${made.ca}`)).toMatch(/is for another host name/);
    expect(await opened(`${elsewhere}?sslmode=verify-ca&sslrootcert=${made.ca}`)).toBe("open");
    expect(await opened(own)).toMatch(/^ConfigurationError: .* its certificate is self-signed/);
    expect(await opened(`${own}?sslrootcert=${made.selfSigned.cert}`)).toBe("open");
  });
});
