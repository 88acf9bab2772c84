/** Works for a campaign on the screen, from which its recorded runs are watched; always restores the terminal. */

import type { Campaign } from '../../../server/contract/index.ts';
import type { CampaignReporter } from '../../campaign/reporter.ts';
import type { CampaignSession } from '../../campaign/session.ts';
import type { Api } from '../../client/api.ts';
import { type Context, chartStyle } from '../../process/context.ts';
import { messageOf } from '../../process/errors.ts';
import { doingText } from '../../run/campaign-progress.ts';
import { safeText } from '../../run/sanitize.ts';
import { loadViews, openScreen } from '../open-screen.ts';
import { createStore } from '../program.ts';
import type { Screen } from '../screen.ts';
import { knownRunners } from './known-runners.ts';
import { pictureOfCampaign, pictureOfRuns } from './picture.ts';
import { recordedRuns } from './recorded-runs.ts';
import { type CampaignProgram, type CampaignStore, campaignProgram, showCampaign } from './show-campaign.tsx';
import { initialCampaign } from './state.ts';

/** Shows the campaign while `work` works for it, and after its end until the user leaves. `stop` tells it to end. */
export async function campaignControl(
  context: Context,
  { name, store: kept, isServed, connect }: CampaignSession,
  work: (reporter: CampaignReporter) => Promise<Campaign>,
  stop: () => void,
): Promise<Campaign> {
  const opened = await openScreen(context, `campaign ${safeText(name)}`);
  const { screen } = opened;
  const begun = await kept.campaign(name);
  const picture = begun === null ? pictureOfRuns(name, []) : pictureOfCampaign(begun, []);
  const init = initialCampaign(picture, 'going', screen.size(), chartStyle(context.env));
  // Without a server of its own there is none before something is to be recorded.
  let api: Api | null = isServed ? (await connect()).api : null;
  const program = campaignProgram(init, { screen, stop, env: context.env, api: () => api });
  const store = createStore(program);
  const draw = drawing(store, name, () => api);
  const reporter = reporterOf(store, draw, (reached) => {
    api = reached;
  });
  const worked = work(reporter);
  const over = worked.then(async (campaign) => {
    await draw(campaign);
    store.send({ type: 'over', finished: campaign.state === 'done' });
  });
  const failed = over.then(() => new Promise<never>(() => {}));
  failed.catch(() => {});
  try {
    const { watchRun } = await loadViews();
    opened.ready();
    await Promise.race([failed, browse(context, screen, program, store, () => api, watchRun)]);
  } finally {
    opened.close();
  }
  return worked;
}

/** Draws it as it stands, with the smallest reproductions of what is recorded by then. */
function drawing(store: CampaignStore, name: string, api: () => Api | null) {
  let runs: ReturnType<typeof recordedRuns> | null = null;
  let runners: ReturnType<typeof knownRunners> | null = null;
  return async (campaign: Campaign): Promise<void> => {
    const reached = api();
    if (reached !== null) {
      runs ??= recordedRuns(reached, name);
      runners ??= knownRunners(reached);
    }
    // A server that is away for a moment is told of by whatever needs it.
    const recorded = (await runs?.of(campaign).catch(() => [])) ?? [];
    const known = (await runners?.()) ?? [];
    store.send({ type: 'picture', picture: pictureOfCampaign(campaign, recorded, known) });
  };
}

type WatchRun = Awaited<ReturnType<typeof loadViews>>['watchRun'];

/** The campaign, its runs, and the campaign again. */
async function browse(
  context: Context,
  screen: Screen,
  program: CampaignProgram,
  store: CampaignStore,
  api: () => Api | null,
  watchRun: WatchRun,
): Promise<void> {
  for (;;) {
    const next = await showCampaign(context, screen, program, store);
    const reached = api();
    if (next.to === 'out' || context.leaving.aborted) return;
    if (reached !== null) await watchRecorded(context, screen, store, reached, next.run, watchRun);
  }
}

/** A recorded run in mission control; whatever leaves it comes back to the campaign. */
export async function watchRecorded(
  context: Context,
  screen: Screen,
  store: CampaignStore,
  api: Api,
  runId: string,
  watchRun: WatchRun,
): Promise<void> {
  try {
    const run = await api.run(runId);
    const request = { api, run, owns: false, hosted: false, exitOnEnd: false, cameFromList: true };
    let state = await watchRun(context, screen, { ...request, view: 'forensics' });
    while (state.nextRun !== null)
      state = await watchRun(context, screen, { ...request, run: state.nextRun });
  } catch (error) {
    store.send({ type: 'notice', text: safeText(messageOf(error)) });
  }
}

/** Sends what is said to the screen. While nothing else is done, it is told how the campaign stands. */
function reporterOf(
  store: CampaignStore,
  draw: (campaign: Campaign) => Promise<void>,
  connected: (api: Api) => void,
): CampaignReporter {
  let isBusy = false;
  const doing = (text: string) => store.send({ type: 'doing', text });
  return {
    say: (message) => store.send({ type: 'said', text: message }),
    stands(campaign) {
      void draw(campaign);
      if (!isBusy) doing(doingText(campaign));
    },
    progress(text) {
      isBusy = true;
      doing(text);
    },
    found: ({ firstSeed, message }) =>
      store.send({ type: 'said', text: `found with seed ${firstSeed}: ${safeText(message)}` }),
    clear() {
      isBusy = false;
    },
    away: (why) => store.send({ type: 'problem', text: why }),
    connected,
  };
}
