/** The HTTP application: every route, the guard before them, the errors after them. */
import { Hono } from 'hono';
import { authorize } from './access/authorize.ts';
import { answerInTime } from './answer-limit.ts';
import { API_BASE } from './contract/index.ts';
import { ApiError, answerError, toApiError } from './errors.ts';
import { guard } from './guard.ts';
import { allowedMethods } from './openapi/operations.ts';
import { requestLog } from './request-log.ts';
import { campaignRoutes } from './routes/campaigns.ts';
import { healthRoutes } from './routes/health.ts';
import { historyRoutes } from './routes/history.ts';
import { createPages } from './routes/pages.ts';
import { runRoutes } from './routes/runs.ts';
import { sessionRoutes } from './routes/session.ts';
import { smallestRoutes } from './routes/smallest.ts';
import { streamRoutes } from './routes/stream.ts';
import { taskRoutes, waitingTaskRoutes } from './routes/tasks.ts';
import { telemetryRoutes } from './routes/telemetry.ts';
import { runnerRoutes, workRoutes } from './routes/work.ts';
import type { ServerEnv } from './server-env.ts';
import type { Services } from './services.ts';

export function createApp(services: Services): Hono<ServerEnv> {
  const app = new Hono<ServerEnv>();
  app.use(requestLog(services.log, services.metrics));
  // What the API answers with is what its type says, whatever a browser makes of its bytes.
  app.use(async (c, next) => {
    c.header('X-Content-Type-Options', 'nosniff');
    await next();
  });
  app.use(guard(services.guard));
  app.use(answerInTime(services.standby, services.log));
  app.use(authorize(services.access));
  app.route('/', healthRoutes(services));
  app.route('/', sessionRoutes(services));
  const pages = createPages();
  app.route('/', pages.routes);
  const runs = `${API_BASE}/runs`;
  app.route(runs, runRoutes(services));
  app.route(runs, historyRoutes(services));
  app.route(runs, streamRoutes(services));
  app.route(runs, telemetryRoutes(services));
  app.route(runs, smallestRoutes(services));
  const campaigns = `${API_BASE}/campaigns`;
  app.route(campaigns, campaignRoutes(services));
  app.route(campaigns, workRoutes(services));
  app.route(`${API_BASE}/runners`, runnerRoutes(services));
  app.route(runs, taskRoutes(services));
  app.route(`${API_BASE}/tasks`, waitingTaskRoutes(services));

  app.notFound((c) => {
    const allowed = allowedMethods(c.req.path);
    if (allowed.length === 0 || allowed.includes(c.req.method)) {
      const page = pages.missing(c);
      if (page !== null) return page;
      const message = `There is nothing at ${c.req.path}. GET /openapi.json describes all there is.`;
      return answerError(c, new ApiError(404, 'not_found', message));
    }
    c.header('Allow', allowed.join(', '));
    const message = `${c.req.method} is not for ${c.req.path}; it takes ${allowed.join(' and ')}.`;
    return answerError(c, new ApiError(405, 'invalid_request', message));
  });
  app.onError((error, c) => answerError(c, toApiError(error, services.log, services.disk)));
  return app;
}
