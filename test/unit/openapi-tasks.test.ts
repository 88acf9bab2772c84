/** The document of the API tells of each kind of task in each of its states, by examples that are such tasks. */
import { expect, it } from 'vitest';
import { z } from 'zod';
import { API_BASE, TASK_KINDS, taskSchemas } from '../../server/contract/index.ts';
import { openApiDocument } from '../../server/openapi/document.ts';

const TASK = z.object({
  get: z.object({
    description: z.string(),
    responses: z.object({
      200: z.object({
        content: z.object({
          'application/json': z.object({
            schema: z.object({ $ref: z.string() }),
            examples: z.record(z.string(), z.object({ summary: z.string(), value: z.unknown() })),
          }),
        }),
      }),
      404: z.unknown(),
    }),
  }),
});
const STATES = ['none', 'pending', 'ready'];

it.each(TASK_KINDS)('has each state of %s with an example and a sentence', (kind) => {
  const { paths } = openApiDocument('1.0.0') as { paths: Record<string, unknown> };
  const { get } = TASK.parse(paths[`${API_BASE}/runs/{runId}/tasks/${kind}`]);
  const { examples, schema } = get.responses[200].content['application/json'];
  expect(schema.$ref.toLowerCase()).toBe(`#/components/schemas/${kind}task`);
  const shown = Object.values(examples).map(({ value }) => taskSchemas[kind].parse(value).state);
  expect([...new Set(shown)].sort()).toEqual(STATES);
  for (const state of STATES) expect(get.description).toContain(`\`${state}\`: `);
  expect(get.description).toContain('404');
});
