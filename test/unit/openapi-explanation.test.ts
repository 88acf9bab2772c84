/** The document of the API tells of an explanation in each of its states, by examples that are such explanations. */
import { expect, it } from 'vitest';
import { z } from 'zod';
import { API_BASE, explanationSchema } from '../../server/contract/index.ts';
import { openApiDocument } from '../../server/openapi/document.ts';

const EXPLANATION = z.object({
  get: z.object({
    description: z.string(),
    responses: z.object({
      200: z.object({
        content: z.object({
          'application/json': z.object({
            schema: z.object({ $ref: z.literal('#/components/schemas/Explanation') }),
            examples: z.record(z.string(), z.object({ summary: z.string(), value: explanationSchema })),
          }),
        }),
      }),
      404: z.unknown(),
    }),
  }),
});

it('has each state with an example and a sentence', () => {
  const { paths } = openApiDocument('1.0.0') as { paths: Record<string, unknown> };
  const { get } = EXPLANATION.parse(paths[`${API_BASE}/runs/{runId}/explanation`]);
  const states = explanationSchema.options.map(({ shape }) => shape.state.value);
  const { examples } = get.responses[200].content['application/json'];
  const shown = new Set(Object.values(examples).map(({ value }) => value.state));
  expect([...shown].sort()).toEqual([...states].sort());
  for (const state of states) expect(get.description).toContain(`\`${state}\`: `);
  expect(get.description).toContain('404');
});
