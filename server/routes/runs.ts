/** Launching, listing, showing and stopping runs. */
import { Hono } from 'hono';
import { answerList } from '../answer-list.ts';
import {
  createRedactor,
  freshSeed,
  isModuleLabel,
  isTerminal,
  limitsFor,
  type RunConfig,
  type RunPage,
  reproduceCommand,
  runConfigSchema,
} from '../contract/index.ts';
import { findRun, insertRun, listRuns, type NewRun, requestStop } from '../db/runs.ts';
import { ApiError, invalidRequest } from '../errors.ts';
import { parseJson, readBodyText } from '../request.ts';
import { assertCanBe, assertTarget } from '../runs/launch-checks.ts';
import { resolveRunId } from '../runs/resolve-run.ts';
import { newRunId } from '../runs/run-id.ts';
import { assertStorable } from '../runs/storable-text.ts';
import type { ServerEnv } from '../server-env.ts';
import type { Services } from '../services.ts';
import { validate } from '../validate.ts';
import { runsQuery, strictLaunch, strictStop } from './parameters.ts';

const byForm = createRedactor([]);

export function runRoutes({ sql, hub }: Services): Hono<ServerEnv> {
  const routes = new Hono<ServerEnv>();

  routes.post('/', async (c) => {
    const run = await insertRun(sql, resolveLaunch(parseJson(await readBodyText(c))));
    c.header('Location', `${new URL(c.req.url).pathname.replace(/\/$/, '')}/${run.id}`);
    return c.json(run, 201);
  });

  routes.get('/', async (c) => {
    const { status, campaign, limit, before } = validate(runsQuery, c.req.query(), 'the query');
    // One more than asked for tells whether there is a next page.
    const found = await listRuns(sql, {
      status: status ?? null,
      campaign: campaign ?? null,
      before: before ?? null,
      limit: limit + 1,
    });
    const runs = found.slice(0, limit);
    const next: RunPage['next'] = found.length > limit ? (runs.at(-1)?.id ?? null) : null;
    return answerList(c, 'runs', runs, next);
  });

  routes.get('/:runId', async (c) => {
    const id = await resolveRunId(sql, c.req.param('runId'));
    return c.json(await findRun(sql, id));
  });

  routes.post('/:runId/stop', async (c) => {
    const text = await readBodyText(c);
    const body = text.trim() === '' ? {} : parseJson(text);
    const { reason } = validate(strictStop, body, 'the body');
    assertStorable(reason, 'reason');
    const id = await resolveRunId(sql, c.req.param('runId'));
    // Somebody may have pasted more than a reason.
    const before = await requestStop(sql, id, reason === undefined ? null : byForm.text(reason));
    if (before !== null && isTerminal(before)) {
      throw new ApiError(
        409,
        'run_ended',
        `Run ${id} has ended with ${before} already; there is nothing to stop.`,
      );
    }
    hub.wake(id);
    return c.json(await findRun(sql, id), 202);
  });

  return routes;
}

/** Fills in every default, so that all that decides the run is stored with it. */
function resolveLaunch(body: unknown): NewRun {
  const launch = validate(strictLaunch, body, 'the body');
  // Of what was sent, not of what it became: by then every default is filled in.
  const asked = (body as { config?: Record<string, unknown> }).config ?? {};
  const limited = { ...launch.config, ...limitsFor(launch.target, asked) };
  const config = validate(runConfigSchema, limited, 'config');
  assertTarget(launch.target);
  assertCanBe(launch.scenario, launch.target, config);
  assertModulesHaveRunner(launch.scenario, launch.target, launch.runner);
  assertGateHasRunner(config, launch.runner);
  for (const [field, value] of Object.entries({ ...launch, thresholds: config.thresholds })) {
    assertStorable(value, field);
  }
  const { scenario, target, seed = freshSeed() } = launch;
  return {
    id: newRunId(),
    scenario,
    target,
    seed,
    config,
    reproduce: reproduceCommand({ scenario, target, seed, config }),
    campaign: launch.campaign,
    assignedRunner: launch.runner,
  };
}

/** A file is loaded by the runner of whoever named it; no other runner may ever claim the run. */
function assertModulesHaveRunner(scenario: string, target: string, runner: string | null): void {
  if (runner !== null || !(isModuleLabel(scenario) || isModuleLabel(target))) return;
  throw invalidRequest(
    'a run of a module needs the runner that was given the file. `simcity run --target FILE` starts it; code is never loaded through the API.',
  );
}

/** What is behind a gate is started by the runner of whoever typed it; no other runner may ever claim the run. */
function assertGateHasRunner({ gate }: RunConfig, runner: string | null): void {
  if (runner !== null || gate === null) return;
  throw invalidRequest(
    'config.gate: a run with a gate needs the runner that was given the command which starts its service. `simcity run --exec COMMAND --gate` starts it; commands never come through the API.',
  );
}
