/** What a janitor is told, as a line of JSON on its stdin. */
import { z } from 'zod';

export const janitorOrderSchema = z.object({
  url: z.string(),
  /** The database that it connects to; null: that of the URL. */
  database: z.string().nullable(),
  id: z.string(),
  /** The folder of the gate's socket; null when it has none. */
  folder: z.string().nullable(),
});

export type JanitorOrder = z.infer<typeof janitorOrderSchema>;
