/** The bare HTTP server: its bounds, and zod as the language of its schemas. */
import Fastify, { type FastifyBaseLogger, LogController } from "fastify";
import { serializerCompiler, validatorCompiler, type ZodTypeProvider } from "fastify-type-provider-zod";
import { Problem, sendProblem } from "./problem.ts";

/** The server that routes and plugins are added to. */
export type App = ReturnType<typeof openServer>;

/** A server without a route. Times in milliseconds. */
export function openServer(log: FastifyBaseLogger) {
  return Fastify({
    loggerInstance: log,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: 64 * 1024,
    connectionTimeout: 60_000,
    requestTimeout: 10_000,
    keepAliveTimeout: 72_000,
    forceCloseConnections: "idle",
    frameworkErrors: (_error, _request, reply) =>
      void sendProblem(reply, new Problem(400, "invalid_request", "the address is malformed")),
  })
    .setValidatorCompiler(validatorCompiler)
    .setSerializerCompiler(serializerCompiler)
    .withTypeProvider<ZodTypeProvider>();
}
