/** Who looks, and what they may do. */
import type { Session } from '../../../server/contract/index.ts';
import { api, asProblem } from '../client/api.ts';
import { Store } from './store.ts';

export interface SessionState {
  /** Null until the server has said. */
  session: Session | null;
  /** True when nothing more is shown without a token. */
  mustSignIn: boolean;
}

export const sessionStore = new Store<SessionState>({ session: null, mustSignIn: false });

/** Asks the server who looks. While it does not answer, what is shown says so by itself. */
export async function readSession(): Promise<void> {
  try {
    const session = await api.session();
    sessionStore.set({ session, mustSignIn: session.required && session.name === null });
  } catch (error) {
    if (asProblem(error).status === 401) sessionStore.change({ mustSignIn: true });
  }
}

/** Shows the form for a token when `error` says that one is needed. True when it did. */
export function askForToken(error: unknown): boolean {
  if (asProblem(error).status !== 401) return false;
  sessionStore.change({ mustSignIn: true });
  return true;
}

/** True when the one who looks may launch and stop. */
export function mayControl({ session }: SessionState): boolean {
  return session === null || session.scopes.includes('control');
}
