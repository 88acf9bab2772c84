/** The search for the first commit that fails as a run did, from its two ends on. */
import {
  type Bisected,
  type Commit,
  MOST_COMMITS,
  type RunConfig,
  type Tried,
} from '../../server/contract/index.ts';
import type { Ends, Repository } from '../git/repository.ts';
import type { Context } from '../process/context.ts';
import { type Attempt, tryRevision } from './try-revision.ts';
import { openWorktree, type Worktree } from './worktree.ts';

export interface SearchOrder {
  repository: Repository;
  ends: Ends;
  attempt: Omit<Attempt, 'config'>;
  /** What may be executed, the first that fails at the bad end; null: there is no smallest reproduction. */
  smallest: RunConfig | null;
  seed: RunConfig;
  stopped: AbortSignal;
  /** Told before each revision is tried, and what came of it. */
  onTry: (commit: Commit, number: number, executions: number) => void;
}

/** Null when it was stopped; a text says why nothing can be found. */
export async function search(context: Context, order: SearchOrder): Promise<Bisected | string | null> {
  const tree = await openWorktree(context, order.repository, order.ends.bad);
  try {
    return await new Search(context, order, tree).result();
  } finally {
    await tree.close();
  }
}

class Search {
  readonly #context: Context;
  readonly #order: SearchOrder;
  readonly #tree: Worktree;
  readonly #tried: Tried[] = [];
  readonly #began = performance.now();
  #config: RunConfig;

  constructor(context: Context, order: SearchOrder, tree: Worktree) {
    this.#context = context;
    this.#order = order;
    this.#tree = tree;
    this.#config = order.smallest ?? order.seed;
  }

  async result(): Promise<Bisected | string | null> {
    const { ends, stopped } = this.#order;
    const wrongEnd = await this.#wrongEnd();
    if (stopped.aborted) return null;
    if (wrongEnd !== null) return wrongEnd;
    let found = await this.#tree.start(ends);
    while ('next' in found) {
      const { verdict } = await this.#try(found.next);
      if (stopped.aborted) return null;
      found = await this.#tree.mark(verdict);
    }
    const [first, among] = 'first' in found ? [found.first, []] : [null, found.among];
    return {
      ...{ ...ends, first, among: among.slice(0, MOST_COMMITS), tried: this.#tried.slice(0, MOST_COMMITS) },
      executed: this.#config === this.#order.smallest ? 'smallest' : 'seed',
      executions: this.#executions,
      seconds: (performance.now() - this.#began) / 1_000,
    };
  }

  /** Why an end is not as it was said to be; null: both are. */
  async #wrongEnd(): Promise<string | null> {
    const { ends, smallest, seed, stopped } = this.#order;
    await this.#tree.checkOut(ends.bad);
    let bad = await this.#try(ends.bad);
    if (bad.verdict !== 'bad' && smallest !== null && !stopped.aborted) {
      this.#config = seed;
      bad = await this.#try(ends.bad);
    }
    if (bad.verdict !== 'bad') return wrong('bad', bad);
    if (stopped.aborted) return null;
    await this.#tree.checkOut(ends.good);
    const good = await this.#try(ends.good);
    return good.verdict === 'good' ? null : wrong('good', good);
  }

  async #try(commit: Commit): Promise<Tried> {
    const { attempt, repository, stopped, onTry } = this.#order;
    onTry(commit, this.#tried.length + 1, this.#executions);
    const place = { ...repository, folder: this.#tree.folder };
    const whole = { ...attempt, config: this.#config };
    const tried = await tryRevision(this.#context, whole, commit, place, stopped);
    this.#tried.push(tried);
    return tried;
  }

  get #executions(): number {
    return this.#tried.reduce((sum, { executions }) => sum + executions, 0);
  }
}

function wrong(end: 'good' | 'bad', { commit, why }: Tried): string {
  return `the ${end} revision ${commit.id.slice(0, 10)} ${why}`;
}
