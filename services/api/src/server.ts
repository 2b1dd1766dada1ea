/** The bare HTTP server: its bounds, and zod as the language of its schemas. */
import Fastify, { type FastifyBaseLogger, LogController } from "fastify";
import {
  serializerCompiler,
  validatorCompiler,
  type ZodTypeProvider,
} from "fastify-type-provider-zod";
import { Problem, sendProblem } from "./answers/problem.ts";

/** The server that routes and plugins are added to. */
export type App = ReturnType<typeof openServer>;

/** A server without a route. Times in milliseconds. `trusted`: the proxies whose word is taken for who asks. */
export function openServer(log: FastifyBaseLogger, trusted: readonly string[] = []) {
  return Fastify({
    loggerInstance: log,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: 64 * 1024,
    connectionTimeout: 60_000,
    requestTimeout: 10_000,
    // Node looks for requests that are late each half minute, if it is told nothing: 10 s were up to 40.
    http: { connectionsCheckingInterval: 1_000, headersTimeout: 10_000 },
    trustProxy: trusted.length > 0 ? [...trusted] : false,
    keepAliveTimeout: 72_000,
    forceCloseConnections: "idle",
    frameworkErrors: (_error, _request, reply) =>
      void sendProblem(reply, new Problem(400, "invalid_request", "the address is malformed")),
  })
    .setValidatorCompiler(validatorCompiler)
    .setSerializerCompiler(serializerCompiler)
    .withTypeProvider<ZodTypeProvider>();
}
