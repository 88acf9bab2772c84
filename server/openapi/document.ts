/** The OpenAPI document, generated from the schemas by which requests are checked and answers typed. */
import { z } from 'zod';
import { SESSION_COOKIE } from '../access/sessions.ts';
import {
  apiErrorSchema,
  campaignPageSchema,
  campaignSchema,
  cityStateSchema,
  ERROR_CODES,
  eventPageSchema,
  eventSchema,
  forensicSchema,
  frameSchemas,
  liveSchema,
  runConfigSchema,
  runnerSchema,
  runPageSchema,
  runSchema,
  shardSchema,
  snapshotPageSchema,
  snapshotSchema,
  tallySchema,
  taskSchemas,
  telemetryAnswerSchema,
  whySchema,
  workSchema,
} from '../contract/index.ts';
import type { Json, Operation } from './operation.ts';
import { OPERATIONS } from './operations.ts';

const ERROR_TEXTS: Record<number, string> = {
  400: 'The request is not as described here.',
  401: 'The token is missing, or no token of this server.',
  403: 'The token may not do this, or the Host or Origin is not one of this server.',
  404: 'There is no such run, event, campaign or path.',
  409: 'The state of the run does not allow it, or what names the run names several.',
  410: 'The run was removed.',
  413: 'The body is too large.',
  415: 'The body is not application/json.',
  429: 'Too many requests or streams; Retry-After says when there are fewer.',
  422: 'A text cannot be stored.',
  500: 'The server failed.',
  503: 'The database cannot be reached just now.',
};

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
      securitySchemes: {
        apiToken: {
          type: 'http',
          scheme: 'bearer',
          description: 'A token of simcity token create, once the server asks for one.',
        },
        session: {
          type: 'apiKey',
          in: 'cookie',
          name: SESSION_COOKIE,
          description: 'Of a browser that signed in.',
        },
        runToken: { type: 'http', scheme: 'bearer', description: 'The token of one run.' },
      },
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
  Campaign: campaignSchema,
  CampaignPage: campaignPageSchema,
  Tally: tallySchema,
  Work: workSchema,
  Shard: shardSchema,
  Runner: runnerSchema,
  CityState: cityStateSchema,
  ExplainTask: taskSchemas.explain,
  ShrinkTask: taskSchemas.shrink,
  VerifyTask: taskSchemas.verify,
  BisectTask: taskSchemas.bisect,
  Why: whySchema,
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
  const { answer, body, status, description, examples } = operation;
  const content =
    answer instanceof z.ZodType
      ? { 'application/json': { schema: reference(answer, 'output'), ...(examples ? { examples } : {}) } }
      : { [answer.media]: { schema: { type: 'string', description: answer.description } } };
  const parameters = [
    ...pathParameters(operation),
    ...queryParameters(operation),
    ...(operation.headers ?? []),
  ];
  const errors = [...new Set([...operation.errors, ...commonErrors(operation)])].sort();
  return {
    operationId: operation.id,
    summary: operation.summary,
    ...(description === undefined ? {} : { description }),
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
    security: SECURITY[operation.security ?? 'api'],
  };
}

const SECURITY = {
  run: [{ runToken: [] }],
  open: [],
  api: [{ apiToken: [] }, { session: [] }],
};

function commonErrors({ path, security }: Operation): number[] {
  const removed = path.includes('{runId}') && security !== 'run' ? [410] : [];
  return security === 'open' ? [403, 500, 503] : [401, 403, ...removed, 429, 500, 503];
}

function errorAnswer(status: number): Json {
  return {
    description: ERROR_TEXTS[status] ?? 'An error.',
    content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } },
  };
}

function pathParameters({ path, id }: Operation): Json[] {
  if (path.includes('{name}')) return ofCampaign(path);
  if (!path.includes('{runId}')) return [];
  const description =
    id === 'sendTelemetry'
      ? 'The whole id of the run.'
      : 'The number of a run (12 or #12), its id, an unambiguous beginning or end of that, or latest.';
  return [{ name: 'runId', in: 'path', required: true, description, schema: { type: 'string' } }];
}

function ofCampaign(path: string): Json[] {
  const given = { in: 'path', required: true };
  const name = { name: 'name', ...given, description: 'The name of a campaign.', schema: { type: 'string' } };
  if (!path.includes('{number}')) return [name];
  const description = 'The number of a shard.';
  return [name, { name: 'number', ...given, description, schema: { type: 'integer', minimum: 1 } }];
}

/** What a query takes is text; the schema that the text is read into says more, so that one is shown. */
function queryParameters({ query }: Operation): Json[] {
  if (!query) return [];
  const taken = toSchema(query, 'output');
  const properties = (taken['properties'] ?? {}) as Record<string, Json>;
  return Object.entries(properties).map(([name, schema]) => ({ name, in: 'query', required: false, schema }));
}
