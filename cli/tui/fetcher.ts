/** Asks the server for what the state needs, a few calls at a time, and never the same twice at once. */
import type { Api } from '../client/api.ts';
import { messageOf } from '../process/errors.ts';
import { PAGE_EVENTS } from '../run/pages.ts';
import { safeText } from '../run/sanitize.ts';
import { type Need, SCAN_EVENTS } from './state/needs.ts';
import type { Answer } from './state/receive.ts';

export interface FetcherOptions {
  api: Api;
  runId: string;
  onAnswer: (need: Need, answer: Answer) => void;
  onProblem: (text: string) => void;
  now: () => number;
}

export interface Fetcher {
  /** Starts what is not on its way; what is not needed any more is let go when it comes. */
  want(needs: readonly Need[], otherRunId: string | null, isOver: boolean): void;
  stop(): void;
}

const CALLS_AT_ONCE = 3;
/** The same need comes again while a run grows: not more often than that, in ms. */
const AGAIN_MS: Partial<Record<Need['kind'], number>> = { page: 400, run: 1_000, city: 200 };
/** After an error the same is asked again only so much later, in ms. */
const RETRY_MS = 2_000;

export function createFetcher(options: FetcherOptions): Fetcher {
  const underWay = new Map<string, Need['kind']>();
  const notBefore = new Map<string, number>();
  let stopped = false;

  const start = (need: Need, otherRunId: string | null, isOver: boolean) => {
    underWay.set(need.key, need.kind);
    ask(options, need, otherRunId, isOver)
      .then((answer) => {
        underWay.delete(need.key);
        notBefore.set(need.key, options.now() + (AGAIN_MS[need.kind] ?? 0));
        if (!stopped) options.onAnswer(need, answer);
      })
      .catch((error: unknown) => {
        underWay.delete(need.key);
        notBefore.set(need.key, options.now() + RETRY_MS);
        // What only might be news is missed by nobody.
        const isMissed = need.kind !== 'run' || need.isMissed;
        if (!stopped && isMissed) options.onProblem(safeText(messageOf(error)));
      });
  };

  return {
    want(needs, otherRunId, isOver) {
      if (notBefore.size > 1_000) notBefore.clear();
      for (const need of needs) {
        if (stopped || underWay.size >= CALLS_AT_ONCE) return;
        if (underWay.has(need.key) || (notBefore.get(need.key) ?? 0) > options.now()) continue;
        // While one scrubs, only the newest place counts: the next city is asked for when the last one came.
        if (need.kind === 'city' && [...underWay.values()].includes('city')) continue;
        start(need, otherRunId, isOver);
      }
    },
    stop() {
      stopped = true;
    },
  };
}

async function ask(
  { api, runId }: FetcherOptions,
  need: Need,
  otherRunId: string | null,
  isOver: boolean,
): Promise<Answer> {
  switch (need.kind) {
    case 'page': {
      const id = need.run === 'this' ? runId : (otherRunId ?? runId);
      const { events } = await api.events(id, { from: need.page * PAGE_EVENTS, limit: PAGE_EVENTS });
      return { kind: 'page', events };
    }
    case 'scan':
      return {
        kind: 'scan',
        events: (await api.events(runId, { from: need.from, limit: need.limit })).events,
      };
    case 'start':
      return { kind: 'start', events: (await api.events(runId, { from: 0, limit: 1 })).events };
    case 'past':
      return {
        kind: 'past',
        snapshots: (await api.snapshots(runId, { from: 0, limit: 2_000, every: need.every })).snapshots,
      };
    case 'city':
      return { kind: 'city', city: await api.state(runId, need.at) };
    case 'run':
      return { kind: 'run', run: await api.run(runId) };
    case 'compare':
      return compare(api, runId, otherRunId ?? runId, need.from, isOver);
  }
}

async function compare(
  api: Api,
  left: string,
  right: string,
  from: number,
  isOver: boolean,
): Promise<Answer> {
  const [a, b] = await Promise.all([
    api.events(left, { from, limit: SCAN_EVENTS }),
    api.events(right, { from, limit: SCAN_EVENTS }),
  ]);
  const isWhole = isOver && (a.events.length < SCAN_EVENTS || b.events.length < SCAN_EVENTS);
  return { kind: 'compare', left: a.events, right: b.events, isWhole };
}
