/** Builds the API; whoever calls it decides whether and where it listens. */
import type { Deps } from "./deps.ts";
import { answerErrors } from "./plugins/errors.ts";
import { logRequests } from "./plugins/request-log.ts";
import { difyRoutes } from "./routes/dify.ts";
import { difyRetrievalRoute } from "./routes/dify-retrieval.ts";
import { embeddingRoutes } from "./routes/embeddings.ts";
import { entityRoutes } from "./routes/entities.ts";
import { exceptionsRoute } from "./routes/exceptions.ts";
import { healthRoutes } from "./routes/health.ts";
import { metricsRoute } from "./routes/metrics.ts";
import { progressRoute } from "./routes/progress.ts";
import { runRoutes } from "./routes/runs.ts";
import { searchRoute } from "./routes/search.ts";
import { type App, openServer } from "./server.ts";

/** The API with all its routes. */
export function buildApp(deps: Deps): App {
  const app = openServer(deps.log);
  answerErrors(app);
  logRequests(app);
  runRoutes(app, deps);
  progressRoute(app, deps);
  entityRoutes(app, deps);
  exceptionsRoute(app, deps);
  embeddingRoutes(app, deps);
  searchRoute(app, deps);
  difyRoutes(app, deps);
  difyRetrievalRoute(app, deps);
  healthRoutes(app, deps);
  metricsRoute(app, deps);
  return app;
}
