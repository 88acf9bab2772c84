/** Works for a campaign until its end, or until it is told to stop; tells meanwhile how it stands. */
import { availableParallelism } from 'node:os';
import { type Campaign, formatSignature, rangesText } from '../../server/contract/index.ts';
import type { ServerFlags } from '../hosting/find-server.ts';
import type { Context } from '../process/context.ts';
import { EXIT } from '../process/errors.ts';
import type { Stopping } from '../process/stopping.ts';
import { counted } from '../run/format.ts';
import { safeText } from '../run/sanitize.ts';
import { keepCity } from './city.ts';
import { workForCampaigns } from './claimant.ts';
import { followCampaign } from './follow.ts';
import { recordFailure } from './record.ts';
import type { CampaignReporter } from './reporter.ts';
import type { CampaignSession } from './session.ts';

export interface WorkOptions {
  session: CampaignSession;
  flags: ServerFlags & { parallel?: number };
  reporter: CampaignReporter;
  stopping: Stopping;
}

/** Resolves to the campaign as it is then. @throws CliError for what cannot be executed here. */
export async function workForSession(
  context: Context,
  { session, flags, reporter, stopping }: WorkOptions,
): Promise<Campaign> {
  const { name, store, own, connect } = session;
  const city = keepCity(context, flags, connect);
  const left = new AbortController();
  const over = new AbortController();
  const undo = stopping.onStop(() => {
    if (left.signal.aborted) return context.leave(EXIT.interrupted);
    reporter.say(stoppingText(session));
    left.abort();
  });
  const connectedOnce = async () => {
    const connected = await connect();
    reporter.connected?.(connected.api);
    return connected;
  };
  const begun = await store.campaign(name);
  // There others may record what is found.
  if (session.isServed) await connectedOnce();
  if (begun !== null) tellBegun(begun, reporter);
  const known = begun?.findings.map(({ signature }) => formatSignature(signature)) ?? [];
  const following = followCampaign(store, name, { reporter, known, left: over.signal });
  // It is heard of below; a failure of the work goes first.
  following.catch(() => {});
  try {
    const stopped = heedStop(session, left.signal);
    await workForCampaigns(
      context,
      {
        ...{ store, ownFor: () => own, say: reporter.say, isOwners: true },
        parallel: flags.parallel ?? availableParallelism(),
        targetUrl: city.url,
        async record(work, until) {
          const connected = await connectedOnce();
          const isOwn = own.modules !== null || own.exec !== undefined;
          if (!isOwn) await connected.hosted?.startRunner(null);
          const options = {
            ...{ store, flags, own, connect: connectedOnce, ownRunner: connected.hosted !== null },
            explains: session.isServed && !isOwn,
            ...{ say: reporter.say, progress: reporter.progress },
          };
          await recordFailure(context, options, work, until).finally(reporter.clear);
        },
      },
      AbortSignal.any([left.signal, context.leaving]),
    );
    await stopped();
    over.abort();
    return await following;
  } finally {
    over.abort();
    reporter.clear();
    await city.close();
    // Until all is put away, whoever tells it to stop is heard.
    undo();
  }
}

/** Stops the campaign once it is told to, where it is this process's. Resolves when that is done. */
function heedStop({ isOwners, store, name }: CampaignSession, left: AbortSignal): () => Promise<void> {
  let stopping: Promise<void> = Promise.resolve();
  const stop = () => {
    if (isOwners) stopping = store.stop(name);
    stopping.catch(() => {});
  };
  left.addEventListener('abort', stop, { once: true });
  return async () => {
    left.removeEventListener('abort', stop);
    await stopping;
  };
}

function stoppingText({ isOwners }: CampaignSession): string {
  return isOwners
    ? 'stopping the campaign; Ctrl-C again leaves at once.'
    : 'leaving the campaign, which goes on; Ctrl-C again leaves at once.';
}

function tellBegun(
  { name, seedsTotal, seeds, scenario, target, budgetSeconds }: Campaign,
  { say }: CampaignReporter,
): void {
  const many =
    budgetSeconds === null ? `${counted(seedsTotal, 'seed', 'seeds')} (${rangesText(seeds)})` : 'seeds';
  say(`campaign ${safeText(name)}: ${many} of ${safeText(scenario)} on ${safeText(target)}`);
}
