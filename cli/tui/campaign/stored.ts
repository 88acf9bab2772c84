/** A campaign that others work for, or that is over: as the server knows it, else from its file, else from its recorded runs. */
import { campaignOf } from '../../campaign/campaign-of.ts';
import { campaignFiles } from '../../campaign/files.ts';
import type { Api } from '../../client/api.ts';
import { dataDirOf } from '../../hosting/data-dir.ts';
import { type Context, chartStyle } from '../../process/context.ts';
import { messageOf } from '../../process/errors.ts';
import { doingText } from '../../run/campaign-progress.ts';
import { safeText } from '../../run/sanitize.ts';
import { loadViews } from '../open-screen.ts';
import { createStore } from '../program.ts';
import type { Screen } from '../screen.ts';
import { watchRecorded } from './control.ts';
import { knownRunners } from './known-runners.ts';
import { type CampaignPicture, pictureOfCampaign, pictureOfRuns } from './picture.ts';
import { recordedRuns } from './recorded-runs.ts';
import { campaignProgram, showCampaign } from './show-campaign.tsx';
import { initialCampaign } from './state.ts';

const REFRESH_MS = 1_000;

/** Shows it until the user goes back. */
export async function showStored(
  context: Context,
  screen: Screen,
  api: Api,
  name: string,
  dataDir: string | undefined,
): Promise<void> {
  const runs = recordedRuns(api, name);
  const runners = knownRunners(api);
  const read = async (): Promise<CampaignPicture> => {
    const campaign = await api.campaign(name);
    store.send({ type: 'doing', text: campaign === null ? '' : doingText(campaign) });
    if (campaign !== null) return pictureOfCampaign(campaign, await runs.of(campaign), await runners());
    const files = campaignFiles(dataDirOf(context, dataDir));
    if (files.exists(name)) {
      const stored = campaignOf(files.load(name), { isUnderWay: false, shards: 0 });
      return pictureOfCampaign(stored, await runs.of(stored));
    }
    return pictureOfRuns(name, await runs.all());
  };
  const init = initialCampaign(pictureOfRuns(name, []), 'stored', screen.size(), chartStyle(context.env));
  const program = campaignProgram(init, { screen, stop: () => {}, env: context.env, api: () => api });
  const store = createStore(program);
  const update = () =>
    read().then(
      (picture) => store.send({ type: 'picture', picture }),
      (error: unknown) => store.send({ type: 'problem', text: safeText(messageOf(error)) }),
    );
  await update();
  const timer = setInterval(() => void update(), REFRESH_MS);
  const { watchRun } = await loadViews();
  try {
    for (;;) {
      const next = await showCampaign(context, screen, program, store);
      if (next.to === 'out' || context.leaving.aborted) return;
      await watchRecorded(context, screen, store, api, next.run, watchRun);
    }
  } finally {
    clearInterval(timer);
  }
}
