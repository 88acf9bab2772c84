/** How a reference service over PostgreSQL comes to its answer: what the database asks to be tried again is, a refusal rolls back. */
import type { Reply } from '../service/call.ts';
import { isRetryable } from '../service/sql-service.ts';

/** How often a transaction is tried when the database asks for it to be tried again. */
const ATTEMPTS = 8;

/** Thrown to roll a transaction back that is answered so. */
export class Refused extends Error {
  readonly reply: Reply;

  constructor(reply: Reply) {
    super('The request is refused.');
    this.reply = reply;
  }
}

/** Tries again when the database says that it would help: serialization failures, deadlocks, lock timeouts. */
export async function retried(work: () => Promise<Reply>): Promise<Reply> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (!isRetryable(error) || attempt === ATTEMPTS) throw error;
    }
  }
}

/** The same where a transaction may end with `Refused`, or with an error that `refusalOf` makes a refusal of. */
export function answered(
  work: () => Promise<Reply>,
  refusalOf: (error: unknown) => Reply | null = () => null,
): Promise<Reply> {
  return retried(async () => {
    try {
      return await work();
    } catch (error) {
      const reply = error instanceof Refused ? error.reply : refusalOf(error);
      if (reply === null) throw error;
      return reply;
    }
  });
}
