/** The form that launches a run: whether it is open. */
import type { Run } from '../../../server/contract/index.ts';
import { Store } from './store.ts';

/** Null: closed. `like`: a run whose settings the form begins with. */
export const launchStore = new Store<{ like: Run | null } | null>(null);
