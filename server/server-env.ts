/** Hono's environment of every route: the raw request of node, and who calls. */
import type { HttpBindings } from '@hono/node-server';

/** The raw request and response of node are reached through the bindings. */
export interface ServerEnv {
  Bindings: HttpBindings;
  Variables: {
    /** The name of the caller's token; null where none is asked for. */
    caller: string | null;
  };
}
