/** Conducts a campaign on the screen, from which its recorded runs are watched; always restores the terminal. */

import type { Checkpoint } from '../../campaign/checkpoint.ts';
import type { Conducted } from '../../campaign/conduct.ts';
import type { CampaignReporter } from '../../campaign/reporter.ts';
import type { Api } from '../../client/api.ts';
import type { Context } from '../../process/context.ts';
import { messageOf } from '../../process/errors.ts';
import { safeText } from '../../run/sanitize.ts';
import { loadViews, openScreen } from '../open-screen.ts';
import { createStore } from '../program.ts';
import type { Screen } from '../screen.ts';
import { pictureOf } from './picture.ts';
import { type CampaignProgram, type CampaignStore, campaignProgram, showCampaign } from './show-campaign.tsx';
import { initialCampaign } from './state.ts';

/** Shows the campaign while `work` conducts it, and after its end until the user leaves. `stop` tells it to end. */
export async function campaignControl(
  context: Context,
  campaign: Checkpoint,
  work: (reporter: CampaignReporter) => Promise<Conducted>,
  stop: () => void,
): Promise<Conducted> {
  const opened = await openScreen(context, `campaign ${safeText(campaign.name)}`);
  const { screen } = opened;
  const init = initialCampaign(pictureOf(campaign), 'going', screen.size());
  let api: Api | null = null;
  const program = campaignProgram(init, { screen, stop, env: context.env, api: () => api });
  const store = createStore(program);
  const conducted = work(
    reporterOf(store, campaign, (reached) => {
      api = reached;
    }),
  );
  const over = conducted.then(({ finished }) => {
    store.send({ type: 'picture', picture: pictureOf(campaign) });
    store.send({ type: 'over', finished });
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
  return conducted;
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

function reporterOf(
  store: CampaignStore,
  campaign: Checkpoint,
  connected: (api: Api) => void,
): CampaignReporter {
  const update = () => store.send({ type: 'picture', picture: pictureOf(campaign) });
  return {
    say(message) {
      update();
      store.send({ type: 'said', text: message });
    },
    progress(text) {
      update();
      store.send({ type: 'doing', text });
    },
    found: ({ firstSeed, message }) =>
      store.send({ type: 'said', text: `found with seed ${firstSeed}: ${safeText(message)}` }),
    clear: update,
    connected,
  };
}
