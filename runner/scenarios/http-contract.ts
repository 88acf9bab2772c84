/** The contract of a scenario over HTTP as a table of its requests, and the OpenAPI document that is drawn from it. */
import { z } from 'zod';

/** One request of a contract. */
export interface ContractRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** With its parameters in braces: `/resources/{resource}`. */
  readonly path: string;
  readonly summary: string;
  readonly query?: z.ZodObject;
  readonly headers?: z.ZodObject;
  readonly body?: z.ZodType;
  /** By status. */
  readonly answers: Readonly<Record<number, ContractAnswer>>;
}

export interface ContractAnswer {
  readonly what: string;
  /** Left out: it has none. */
  readonly body?: z.ZodType;
}

export interface HttpContract {
  readonly title: string;
  /** What holds of all requests. */
  readonly description: string;
  /** By the name of the operation, or of what else they are for. */
  readonly requests: Readonly<Record<string, ContractRequest>>;
}

type Json = Record<string, unknown>;

export function openApiOf({ title, description, requests }: HttpContract): Json {
  const paths: Record<string, Json> = {};
  for (const [name, request] of Object.entries(requests)) {
    paths[request.path] = { ...paths[request.path], [request.method.toLowerCase()]: drawn(name, request) };
  }
  return { openapi: '3.1.0', info: { title, version: '1', description }, paths };
}

function drawn(name: string, { path, summary, query, headers, body, answers }: ContractRequest): Json {
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, parameter]) => ({
    name: parameter,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }));
  const parameters = [...inPath, ...parametersOf('query', query), ...parametersOf('header', headers)];
  return {
    operationId: name,
    summary,
    ...(parameters.length > 0 ? { parameters } : {}),
    ...(body ? { requestBody: { required: true, content: jsonOf(body) } } : {}),
    responses: Object.fromEntries(
      Object.entries(answers).map(([status, { what, body: said }]) => [
        status,
        { description: what, ...(said ? { content: jsonOf(said) } : {}) },
      ]),
    ),
  };
}

function parametersOf(where: string, fields: z.ZodObject | undefined): Json[] {
  return Object.entries(fields?.shape ?? {}).map(([name, schema]) => ({
    name,
    in: where,
    required: !schema.safeParse(undefined).success,
    schema: schemaOf(schema as z.ZodType),
  }));
}

function jsonOf(schema: z.ZodType): Json {
  return { 'application/json': { schema: schemaOf(schema) } };
}

function schemaOf(schema: z.ZodType): Json {
  const { $schema: _, ...drawn } = z.toJSONSchema(schema, {
    io: 'input',
    // What any whole number of JavaScript keeps says nothing of a service.
    override: ({ jsonSchema }) => {
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
    },
  });
  return drawn;
}
