/** The OpenAPI document, generated from the schemas by which requests are checked and answers typed. */
import { z } from 'zod';
import {
  API_BASE,
  apiErrorSchema,
  cityStateSchema,
  ERROR_CODES,
  eventPageSchema,
  eventSchema,
  forensicSchema,
  frameSchemas,
  liveSchema,
  runConfigSchema,
  runPageSchema,
  runSchema,
  snapshotPageSchema,
  snapshotSchema,
  telemetryAnswerSchema,
  telemetryBatchSchema,
} from './contract/index.ts';
import {
  eventsQuery,
  runsQuery,
  snapshotsQuery,
  stateQuery,
  streamQuery,
  strictLaunch,
  strictStop,
} from './routes/parameters.ts';

type Json = Record<string, unknown>;

interface Operation {
  method: 'get' | 'post';
  path: string;
  id: string;
  summary: string;
  query?: z.ZodObject;
  headers?: Json[];
  body?: z.ZodType;
  bodyRequired?: boolean;
  status: number;
  answer: z.ZodType | { media: string; description: string };
  /** Statuses of errors beyond those that every call can answer. */
  errors: number[];
  secured?: boolean;
}

const RUNS = `${API_BASE}/runs`;
const RUN = `${RUNS}/{runId}`;

const healthSchema = z.object({ status: z.string(), version: z.string() });

const LAST_EVENT_ID = {
  name: 'Last-Event-ID',
  in: 'header',
  required: false,
  description: 'The id of the last frame received: the stream goes on right after it. Goes before the query.',
  schema: { type: 'string', pattern: '^(0|[1-9][0-9]*)[se]?$' },
};

const OPERATIONS: Operation[] = [
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
        'Frames heartbeat, event, snapshot and end; data is JSON of the schema Frame_<name>. 204: the client has had the end.',
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
    method: 'post',
    path: `${RUN}/telemetry`,
    id: 'sendTelemetry',
    summary: 'Takes a batch of telemetry; idempotent',
    body: telemetryBatchSchema,
    bodyRequired: true,
    status: 200,
    answer: telemetryAnswerSchema,
    errors: [400, 401, 404, 409, 413, 415, 422],
    secured: true,
  },
  {
    method: 'get',
    path: '/healthz',
    id: 'healthz',
    summary: 'The process is alive',
    status: 200,
    answer: healthSchema,
    errors: [],
  },
  {
    method: 'get',
    path: '/readyz',
    id: 'readyz',
    summary: 'The database can be reached',
    status: 200,
    answer: healthSchema,
    errors: [],
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

const ERROR_TEXTS: Record<number, string> = {
  400: 'The request is not as described here.',
  401: 'The token is missing.',
  403: 'The Host or Origin is not one of this server.',
  404: 'There is no such run, event or path.',
  409: 'The state of the run does not allow it, or a prefix of an id is ambiguous.',
  413: 'The body is too large.',
  415: 'The body is not application/json.',
  422: 'A text cannot be stored.',
  500: 'The server failed.',
  503: 'The database cannot be reached just now.',
};

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

export function openApiDocument(version: string): Json {
  const components = componentSchemas();
  const paths: Record<string, Json> = {};
  for (const operation of OPERATIONS) {
    paths[operation.path] = { ...paths[operation.path], [operation.method]: describe(operation) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'SimCity',
      version,
      description: `Launches and follows runs. Errors are {"error":{"code","message"}}; codes: ${ERROR_CODES.join(', ')}.`,
    },
    paths,
    components: {
      schemas: components,
      securitySchemes: { runToken: { type: 'http', scheme: 'bearer', description: 'The token of one run.' } },
    },
  };
}

/** Schemas with a name; wherever one of them is used, the document refers to it. */
const NAMED: Record<string, z.ZodType> = {
  Error: apiErrorSchema,
  Run: runSchema,
  RunConfig: runConfigSchema,
  RunPage: runPageSchema,
  Live: liveSchema,
  Forensic: forensicSchema,
  Event: eventSchema,
  EventPage: eventPageSchema,
  Snapshot: snapshotSchema,
  SnapshotPage: snapshotPageSchema,
  CityState: cityStateSchema,
  TelemetryAnswer: telemetryAnswerSchema,
  ...Object.fromEntries(Object.entries(frameSchemas).map(([frame, schema]) => [`Frame_${frame}`, schema])),
};

const nameOf = new Map(Object.entries(NAMED).map(([name, schema]) => [schema, name]));

function componentSchemas(): Json {
  return Object.fromEntries(
    Object.entries(NAMED).map(([name, schema]) => [name, toSchema(schema, 'output')]),
  );
}

function toSchema(schema: z.ZodType, io: 'input' | 'output'): Json {
  const { $schema: _, ...json } = z.toJSONSchema(schema, { io, unrepresentable: 'any' });
  return json;
}

function reference(schema: z.ZodType, io: 'input' | 'output'): Json {
  const name = io === 'output' ? nameOf.get(schema) : undefined;
  return name === undefined ? toSchema(schema, io) : { $ref: `#/components/schemas/${name}` };
}

function describe(operation: Operation): Json {
  const { answer, body, status } = operation;
  const content =
    answer instanceof z.ZodType
      ? { 'application/json': { schema: reference(answer, 'output') } }
      : { [answer.media]: { schema: { type: 'string', description: answer.description } } };
  const parameters = [
    ...pathParameters(operation),
    ...queryParameters(operation),
    ...(operation.headers ?? []),
  ];
  const errors = [...new Set([...operation.errors, 403, 500, 503])].sort();
  return {
    operationId: operation.id,
    summary: operation.summary,
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(body === undefined
      ? {}
      : {
          requestBody: {
            required: operation.bodyRequired === true,
            content: { 'application/json': { schema: reference(body, 'input') } },
          },
        }),
    responses: {
      [status]: { description: operation.summary, content },
      ...(operation.id === 'streamRun'
        ? { 204: { description: 'The run has ended and the client knows it.' } }
        : {}),
      ...Object.fromEntries(errors.map((code) => [code, errorAnswer(code)])),
    },
    ...(operation.secured ? { security: [{ runToken: [] }] } : {}),
  };
}

function errorAnswer(status: number): Json {
  return {
    description: ERROR_TEXTS[status] ?? 'An error.',
    content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } },
  };
}

function pathParameters({ path, id }: Operation): Json[] {
  if (!path.includes('{runId}')) return [];
  const description =
    id === 'sendTelemetry'
      ? 'The whole id of the run.'
      : 'The id of a run, an unambiguous prefix of it, or latest.';
  return [{ name: 'runId', in: 'path', required: true, description, schema: { type: 'string' } }];
}

/** What a query takes is text; the schema that the text is read into says more, so that one is shown. */
function queryParameters({ query }: Operation): Json[] {
  if (!query) return [];
  const taken = toSchema(query, 'output');
  const properties = (taken['properties'] ?? {}) as Record<string, Json>;
  return Object.entries(properties).map(([name, schema]) => ({ name, in: 'query', required: false, schema }));
}
