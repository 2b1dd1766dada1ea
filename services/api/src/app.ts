/** Builds the API; whoever calls it decides whether and where it listens. */
import { guardRoutes, standGuard } from "./access/guard.ts";
import type { Deps } from "./deps.ts";
import { answerErrors } from "./plugins/errors.ts";
import { sayFarewell } from "./plugins/farewell.ts";
import { secureHeaders } from "./plugins/headers.ts";
import { doOnce } from "./plugins/idempotency.ts";
import { serveDashboard } from "./plugins/dashboard.ts";
import { describeRoutes } from "./plugins/openapi.ts";
import { showQueues } from "./plugins/queue-board.ts";
import { logRequests } from "./plugins/request-log.ts";
import { traceRequests } from "./plugins/request-tracing.ts";
import { accountInvitationRoutes } from "./routes/account-invitations.ts";
import { accountRoutes } from "./routes/accounts.ts";
import { adoptionRoutes } from "./routes/adoptions.ts";
import { rollbackRoutes } from "./routes/rollbacks.ts";
import { auditRoute } from "./routes/audit.ts";
import { backupRoutes } from "./routes/backups.ts";
import { cutoverRoutes } from "./routes/cutover.ts";
import { difyRoutes } from "./routes/dify.ts";
import { difyRetrievalRoute } from "./routes/dify-retrieval.ts";
import { embeddingRoutes } from "./routes/embeddings.ts";
import { entityRoutes } from "./routes/entities.ts";
import { evidenceRoute } from "./routes/evidence.ts";
import { exceptionRoutes } from "./routes/exceptions.ts";
import { forecastRoutes } from "./routes/forecasts.ts";
import { healthRoutes } from "./routes/health.ts";
import { lineageRoute } from "./routes/lineage.ts";
import { meRoute } from "./routes/me.ts";
import { progressRoute } from "./routes/progress.ts";
import { reportRoute } from "./routes/report.ts";
import { runRoutes } from "./routes/runs.ts";
import { searchRoute } from "./routes/search.ts";
import { syncRoutes } from "./routes/sync.ts";
import { verificationRoutes } from "./routes/verifications.ts";
import { type App, openServer } from "./server.ts";

const ROUTES = [
  runRoutes,
  adoptionRoutes,
  rollbackRoutes,
  cutoverRoutes,
  syncRoutes,
  backupRoutes,
  forecastRoutes,
  verificationRoutes,
  progressRoute,
  reportRoute,
  evidenceRoute,
  entityRoutes,
  exceptionRoutes,
  embeddingRoutes,
  searchRoute,
  difyRoutes,
  difyRetrievalRoute,
  accountInvitationRoutes,
  accountRoutes,
  lineageRoute,
  auditRoute,
  meRoute,
  healthRoutes,
];

/** The API with all its routes. */
export function buildApp(deps: Deps): App {
  const app = openServer(deps.log, deps.access.trustedProxies);
  answerErrors(app);
  logRequests(app);
  traceRequests(app);
  secureHeaders(app);
  sayFarewell(app);
  guardRoutes(app, deps.access);
  describeRoutes(app);
  app.after(() => {
    standGuard(app, deps.access);
    doOnce(app, deps.target);
    showQueues(app, deps.queues);
    for (const addRoutes of ROUTES) addRoutes(app, deps);
    serveDashboard(app);
  });
  return app;
}
