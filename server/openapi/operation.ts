/** What is said of one call of the API. */
import type { z } from 'zod';

/** A JSON object of the document. */
export type Json = Record<string, unknown>;

/** One call of the API. */
export interface Operation {
  method: 'get' | 'post' | 'put' | 'delete';
  path: string;
  id: string;
  summary: string;
  description?: string;
  /** Of what it answers, by name. */
  examples?: Readonly<Record<string, { summary: string; value: unknown }>>;
  query?: z.ZodObject;
  headers?: Json[];
  body?: z.ZodType;
  bodyRequired?: boolean;
  status: number;
  answer: z.ZodType | { media: string; description: string };
  /** Statuses of errors beyond those that every call can answer. */
  errors: number[];
  /** `run`: the token of the run; `open`: none; else one of the API, where the server asks for tokens. */
  security?: 'run' | 'open';
}
