/** A campaign that is conducted elsewhere, or is over: as the server knows it, else from its file, else from its recorded runs. */
import type { Campaign, Run } from '../../../server/contract/index.ts';
import { campaignFiles } from '../../campaign/checkpoint.ts';
import type { Api } from '../../client/api.ts';
import { dataDirOf } from '../../hosting/data-dir.ts';
import type { Context } from '../../process/context.ts';
import { messageOf } from '../../process/errors.ts';
import { doingText } from '../../run/campaign-progress.ts';
import { safeText } from '../../run/sanitize.ts';
import { loadViews } from '../open-screen.ts';
import { createStore } from '../program.ts';
import type { Screen } from '../screen.ts';
import { watchRecorded } from './control.ts';
import { type CampaignPicture, pictureOf, pictureOfCampaign, pictureOfRuns } from './picture.ts';
import { campaignProgram, showCampaign } from './show-campaign.tsx';
import { initialCampaign } from './state.ts';

const REFRESH_MS = 1_000;
/** Recorded runs of a campaign are few: one for each distinct failure. */
const RUNS = 200;

/** Shows it until the user goes back. */
export async function showStored(
  context: Context,
  screen: Screen,
  api: Api,
  name: string,
  dataDir: string | undefined,
): Promise<void> {
  const runs = recordedRuns(api, name);
  const read = async (): Promise<CampaignPicture> => {
    const campaign = await api.campaign(name);
    store.send({ type: 'doing', text: campaign === null ? '' : doingText(campaign) });
    if (campaign !== null) return pictureOfCampaign(campaign, await runs.of(campaign));
    const files = campaignFiles(dataDirOf(context, dataDir));
    if (files.exists(name)) return pictureOf(files.load(name));
    return pictureOfRuns(name, await runs.all());
  };
  const init = initialCampaign(pictureOfRuns(name, []), 'stored', screen.size());
  const program = campaignProgram(init, { screen, stop: () => {}, env: context.env, api: () => api });
  const store = createStore(program);
  const update = () =>
    read().then(
      (picture) => store.send({ type: 'picture', picture }),
      (error: unknown) => store.send({ type: 'notice', text: safeText(messageOf(error)) }),
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

/** The recorded runs of the campaign, with their bundles: read again when there is more in them. */
function recordedRuns(api: Api, name: string) {
  let known = '';
  let runs: readonly Run[] = [];
  const all = async () => (await api.runs({ campaign: name, limit: RUNS })).runs;
  return {
    all,
    async of({ findings }: Campaign): Promise<readonly Run[]> {
      const now = JSON.stringify(findings.map(({ run, smallest }) => [run?.id, smallest]));
      if (now !== known) runs = await all();
      known = now;
      return runs;
    },
  };
}
