/** Tasks: work on a run that has ended, asked for as a resource of its own beside it and done under a lease. */
import { type Context, Hono } from 'hono';
import {
  createRedactor,
  TASK_KINDS,
  TASK_LEASE_SECONDS,
  TASK_LIMIT_BYTES,
  type Task,
  type TaskEnd,
  type TaskKind,
  type TaskProgress,
  taskEndSchemas,
  taskLeaseSchema,
  taskRequestSchema,
  type WaitingTasks,
} from '../contract/index.ts';
import { findRun } from '../db/runs.ts';
import {
  askTask,
  cancelTask,
  findTask,
  finishTask,
  leaseTask,
  type TaskKey,
  type TaskRefusal,
  waitingTasks,
} from '../db/tasks.ts';
import { ApiError } from '../errors.ts';
import { parseJson, readBodyText } from '../request.ts';
import { resolveRunId } from '../runs/resolve-run.ts';
import { assertStorable } from '../runs/storable-text.ts';
import type { ServerEnv } from '../server-env.ts';
import type { Services } from '../services.ts';
import { validate } from '../validate.ts';
import { waitingTasksQuery } from './parameters.ts';

/** Whoever works masks what it knows to be secret; what looks like a secret is masked here once more. */
const byForm = createRedactor([]);

/** Below the runs: the tasks of one. */
export function taskRoutes(services: Services): Hono<ServerEnv> {
  const routes = new Hono<ServerEnv>();
  for (const kind of TASK_KINDS) addKind(routes, services, kind);
  return routes;
}

/** What there is to do, for whoever works. */
export function waitingTaskRoutes({ sql }: Services): Hono<ServerEnv> {
  const routes = new Hono<ServerEnv>();
  routes.get('/waiting', async (c) => {
    const { limit } = validate(waitingTasksQuery, c.req.query(), 'the query');
    const waiting: WaitingTasks = { tasks: await waitingTasks(sql, limit) };
    return c.json(waiting);
  });
  return routes;
}

function addKind(routes: Hono<ServerEnv>, { sql }: Services, kind: TaskKind): void {
  const path = `/:runId/tasks/${kind}`;
  const keyOf = async (c: Context<ServerEnv>): Promise<TaskKey> => ({
    run: await resolveRunId(sql, c.req.param('runId') ?? ''),
    kind,
  });
  const stored = async (key: TaskKey): Promise<Task> => {
    const found = await findTask(sql, key);
    if (found === null) throw unasked(key);
    return found;
  };

  routes.get(path, async (c) => c.json(await stored(await keyOf(c))));

  routes.post(path, async (c) => {
    const text = await readBodyText(c);
    const body = text.trim() === '' ? {} : parseJson(text);
    const { again } = validate(taskRequestSchema, body, 'the body');
    const key = await keyOf(c);
    if (!(await askTask(sql, key, again))) {
      const run = await findRun(sql, key.run);
      throw new ApiError(409, 'invalid_request', refusalOf(key, run?.status ?? 'unknown'));
    }
    return c.json(await stored(key), 202);
  });

  routes.post(`${path}/lease`, async (c) => {
    const lease = validate(taskLeaseSchema, parseJson(await readBodyText(c)), 'the body');
    assertStorable(lease.progress, 'progress');
    const key = await keyOf(c);
    const seconds = TASK_LEASE_SECONDS;
    const refused = await leaseTask(sql, key, { ...lease, progress: maskProgress(lease.progress) }, seconds);
    if (refused !== null) throw notYours(key, refused);
    return c.json({ seconds });
  });

  routes.put(path, async (c) => {
    const text = await readBodyText(c);
    refuseLarge(text);
    const { holder, end } = validate(taskEndSchemas[kind], parseJson(text), 'the body');
    assertStorable(end, 'end');
    const key = await keyOf(c);
    const refused = await finishTask(sql, key, holder, maskEnd(end));
    if (refused !== null) throw notYours(key, refused);
    return c.json(await stored(key));
  });

  routes.delete(path, async (c) => {
    const key = await keyOf(c);
    if ((await cancelTask(sql, key)) === 'ready') {
      const message = `The task to ${kind} run ${key.run} is ready; there is nothing to cancel.`;
      throw new ApiError(409, 'invalid_request', message);
    }
    return c.json(await stored(key));
  });
}

function maskProgress(progress: TaskProgress | null): TaskProgress | null {
  return progress === null ? null : { ...progress, stage: byForm.text(progress.stage) };
}

function maskEnd(end: TaskEnd): { result: string | null; reason: string | null } {
  return end.state === 'ready'
    ? { result: byForm.text(JSON.stringify(end.result)), reason: null }
    : { result: null, reason: byForm.text(end.reason) };
}

function refuseLarge(text: string): void {
  if (Buffer.byteLength(text) <= TASK_LIMIT_BYTES) return;
  throw new ApiError(
    413,
    'too_large',
    `The result of a task takes at most ${TASK_LIMIT_BYTES} bytes (1 MiB). Leave out what does not matter, such as steps and events around.`,
  );
}

/** What needs which end of a run. */
function refusalOf({ run, kind }: TaskKey, status: string): string {
  return kind === 'verify'
    ? `Run ${run} has not ended: its status is ${status}. Only a run that has ended can be executed again and compared.`
    : `Run ${run} has no failure to ${kind}: its status is ${status}. Only a run that ended FAIL has one.`;
}

const COMMANDS: Record<TaskKind, string> = {
  explain: 'simcity explain',
  shrink: 'simcity shrink',
  verify: 'simcity replay --verify',
  bisect: 'simcity bisect',
};

function unasked({ run, kind }: TaskKey): ApiError {
  return new ApiError(
    404,
    'not_found',
    `Nobody has asked to ${kind} run ${run}. POST to the same path asks, and \`${COMMANDS[kind]}\` does it.`,
  );
}

const WHY_REFUSED = {
  over: 'is over: it was cancelled, or answered by another. Stop working at it.',
  held: 'is worked at by another just now, until its lease lapses.',
};

function notYours(key: TaskKey, refused: TaskRefusal): ApiError {
  if (refused === 'unasked') return unasked(key);
  return new ApiError(409, 'lease_lost', `The task to ${key.kind} run ${key.run} ${WHY_REFUSED[refused]}`);
}
