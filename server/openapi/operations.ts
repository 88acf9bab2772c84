/** Every call of the API: what it takes and what it answers. The OpenAPI document is drawn from this table. */
import { z } from 'zod';
import {
  API_BASE,
  cityStateSchema,
  eventPageSchema,
  runPageSchema,
  runSchema,
  SESSION_PATH,
  sessionSchema,
  signInSchema,
  smallestSchema,
  snapshotPageSchema,
  telemetryAnswerSchema,
  telemetryBatchSchema,
} from '../contract/index.ts';
import {
  eventsQuery,
  runsQuery,
  snapshotsQuery,
  stateQuery,
  streamQuery,
  strictLaunch,
  strictStop,
} from '../routes/parameters.ts';
import { CAMPAIGN_OPERATIONS } from './campaign-operations.ts';
import type { Operation } from './operation.ts';
import { TASK_OPERATIONS } from './task-operations.ts';

const RUNS = `${API_BASE}/runs`;
const RUN = `${RUNS}/{runId}`;

const readySchema = z.object({ status: z.string(), version: z.string() });
const healthSchema = readySchema.extend({ time: z.iso.datetime().describe('The clock of the server.') });

const LAST_EVENT_ID = {
  name: 'Last-Event-ID',
  in: 'header',
  required: false,
  description: 'The id of the last frame received: the stream goes on right after it. Goes before the query.',
  schema: { type: 'string', pattern: '^(0|[1-9][0-9]*)[se]?(\\.[0-9a-f]{8})?$' },
};

export const OPERATIONS: readonly Operation[] = [
  {
    method: 'get',
    path: RUNS,
    id: 'listRuns',
    summary: 'Runs, newest first',
    query: runsQuery,
    status: 200,
    answer: runPageSchema,
    errors: [400],
  },
  {
    method: 'post',
    path: RUNS,
    id: 'launchRun',
    summary: 'Launches a run',
    body: strictLaunch,
    bodyRequired: true,
    status: 201,
    answer: runSchema,
    errors: [400, 413, 415, 422],
  },
  {
    method: 'get',
    path: RUN,
    id: 'getRun',
    summary: 'A run with its live state',
    status: 200,
    answer: runSchema,
    errors: [404, 409],
  },
  {
    method: 'get',
    path: `${RUN}/events`,
    id: 'getEvents',
    summary: 'Events of a run, in order',
    query: eventsQuery,
    status: 200,
    answer: eventPageSchema,
    errors: [400, 404, 409],
  },
  {
    method: 'get',
    path: `${RUN}/snapshots`,
    id: 'getSnapshots',
    summary: 'Snapshots of the metrics, in order; every=M takes each M-th',
    query: snapshotsQuery,
    status: 200,
    answer: snapshotPageSchema,
    errors: [400, 404, 409],
  },
  {
    method: 'get',
    path: `${RUN}/stream`,
    id: 'streamRun',
    summary: 'The live stream of a run (Server-Sent Events)',
    query: streamQuery,
    headers: [LAST_EVENT_ID],
    status: 200,
    answer: {
      media: 'text/event-stream',
      description:
        'Frames heartbeat, event, snapshot and end; data is JSON of the schema Frame_<name>. With mode=live only the newest events and the newest snapshot of every 250 ms, and in the place of the others skipped, which says how many were passed over. 204: the client has had the end.',
    },
    errors: [400, 404, 409],
  },
  {
    method: 'post',
    path: `${RUN}/stop`,
    id: 'stopRun',
    summary: 'Asks a run to stop; 409 once it has ended',
    body: strictStop,
    status: 202,
    answer: runSchema,
    errors: [400, 404, 409, 413, 415, 422],
  },
  {
    method: 'get',
    path: `${RUN}/state`,
    id: 'getState',
    summary: 'The city after an event',
    query: stateQuery,
    status: 200,
    answer: cityStateSchema,
    errors: [400, 404, 409],
  },
  {
    method: 'put',
    path: `${RUN}/smallest`,
    id: 'storeSmallest',
    summary: 'Stores the smallest reproduction of a failure with its run; replaces an earlier one',
    body: smallestSchema,
    bodyRequired: true,
    status: 200,
    answer: runSchema,
    errors: [400, 404, 409, 413, 415, 422],
  },
  ...TASK_OPERATIONS,
  {
    method: 'post',
    path: `${RUN}/telemetry`,
    id: 'sendTelemetry',
    summary: 'Takes a batch of telemetry; idempotent',
    body: telemetryBatchSchema,
    bodyRequired: true,
    status: 200,
    answer: telemetryAnswerSchema,
    errors: [400, 401, 404, 409, 413, 415, 422],
    security: 'run',
  },
  ...CAMPAIGN_OPERATIONS,
  {
    method: 'get',
    path: SESSION_PATH,
    id: 'getSession',
    summary: 'What the caller may do, and whether tokens are asked for',
    status: 200,
    answer: sessionSchema,
    errors: [],
    security: 'open',
  },
  {
    method: 'post',
    path: SESSION_PATH,
    id: 'signIn',
    summary: 'Signs a browser in with a token: sets a cookie that scripts cannot read',
    body: signInSchema,
    bodyRequired: true,
    status: 201,
    answer: sessionSchema,
    errors: [400, 401, 413, 415, 429],
    security: 'open',
  },
  {
    method: 'delete',
    path: SESSION_PATH,
    id: 'signOut',
    summary: 'Ends the session of the cookie',
    status: 204,
    answer: { media: 'application/json', description: 'Nothing.' },
    errors: [],
    security: 'open',
  },
  {
    method: 'get',
    path: '/healthz',
    id: 'healthz',
    summary: 'The process is alive',
    status: 200,
    answer: healthSchema,
    errors: [],
    security: 'open',
  },
  {
    method: 'get',
    path: '/readyz',
    id: 'readyz',
    summary: 'Runs can be served: database, migrations and listener are as they should be',
    status: 200,
    answer: readySchema,
    errors: [],
    security: 'open',
  },
  {
    method: 'get',
    path: '/metrics',
    id: 'metrics',
    summary: 'Metrics for Prometheus',
    status: 200,
    answer: { media: 'text/plain', description: 'Prometheus text format.' },
    errors: [],
  },
  {
    method: 'get',
    path: '/openapi.json',
    id: 'openapi',
    summary: 'This document',
    status: 200,
    answer: z.record(z.string(), z.unknown()),
    errors: [],
  },
];

/** The methods that a path takes, in capitals; none when there is no such path. */
export function allowedMethods(path: string): string[] {
  const parts = path.split('/');
  const matches = OPERATIONS.filter((operation) => {
    const pattern = operation.path.split('/');
    return (
      pattern.length === parts.length &&
      pattern.every((part, i) => (part.startsWith('{') ? parts[i] !== '' : part === parts[i]))
    );
  });
  return [...new Set(matches.map(({ method }) => method.toUpperCase()))];
}
