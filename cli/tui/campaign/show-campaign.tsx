/** Draws a campaign until the user leaves or asks for one of its runs. The campaign goes on behind it. */
import { campaignPagePath } from '../../../server/contract/paths.ts';
import type { Api } from '../../client/api.ts';
import type { Context } from '../../process/context.ts';
import { copyCommand } from '../effects.ts';
import { listenersFor } from '../input/use-keys.ts';
import { type OverContext, performOver } from '../over-effects.ts';
import { type Program, type Store, show } from '../program.ts';
import type { Screen } from '../screen.ts';
import { CampaignApp } from './campaign-app.tsx';
import { type CampaignAction, type CampaignView, chosenRow, reduceCampaign } from './state.ts';

export type CampaignProgram = Program<CampaignView, CampaignAction>;
/** Holds what is known of the campaign also while something else is on the screen. */
export type CampaignStore = Store<CampaignView, CampaignAction>;

const PATIENCE_MS = 100;
const INSTANT = ['stroke', 'point', 'resize', 'message'];

export interface CampaignMeans extends Pick<OverContext, 'env'> {
  screen: Screen;
  /** Called when the campaign is to be stopped. */
  stop: () => void;
  /** Null while no server is connected. */
  api: () => Api | null;
}

export function campaignProgram(init: CampaignView, means: CampaignMeans): CampaignProgram {
  const { screen, stop, api, env } = means;
  return {
    init,
    update: reduceCampaign,
    view: (view, send) => <CampaignApp view={view} {...listenersFor(send)} />,
    // Whoever conducts the campaign sends what becomes of it, and gets the signals.
    subscriptions: () => [],
    effects(effect, { model, send }) {
      if (effect.do === 'stop') return stop();
      const page = campaignPagePath(init.picture.name);
      if (effect.do !== 'copy') return performOver({ api: api(), env, page, send }, effect);
      const text = chosenRow(model())?.reproduce ?? '';
      copyCommand(screen, text, (said) => send({ type: 'notice', text: said }));
    },
    patience: ({ type }) => (INSTANT.includes(type) ? 0 : PATIENCE_MS),
  };
}

/** Resolves to where the user wants to go. */
export async function showCampaign(
  context: Context,
  screen: Screen,
  program: CampaignProgram,
  store: CampaignStore,
): Promise<NonNullable<CampaignView['leaving']>> {
  store.send({ type: 'back' });
  store.send({ type: 'resize', size: screen.size() });
  const { leaving } = await show(context, screen, program, store);
  return leaving ?? { to: 'out' };
}
