/** Draws a campaign until the user leaves or asks for one of its runs. The campaign goes on behind it. */
import type { Context } from '../../process/context.ts';
import { copyCommand } from '../effects.ts';
import { type Program, type Store, show } from '../program.ts';
import type { Screen } from '../screen.ts';
import { CampaignApp } from './campaign-app.tsx';
import { type CampaignAction, type CampaignView, chosenRow, reduceCampaign } from './state.ts';

export type CampaignProgram = Program<CampaignView, CampaignAction>;
/** Holds what is known of the campaign also while something else is on the screen. */
export type CampaignStore = Store<CampaignView, CampaignAction>;

const PATIENCE_MS = 100;

/** `stop` is called when the campaign is to be stopped. */
export function campaignProgram(screen: Screen, init: CampaignView, stop: () => void): CampaignProgram {
  return {
    init,
    update: reduceCampaign,
    view: (view, send) => (
      <CampaignApp view={view} onStroke={(stroke) => send({ type: 'stroke', ...stroke })} />
    ),
    // Whoever conducts the campaign sends what becomes of it, and gets the signals.
    subscriptions: () => [],
    effects({ do: what }, { model, send }) {
      if (what === 'stop') return stop();
      const text = chosenRow(model())?.reproduce ?? '';
      copyCommand(screen, text, (said) => send({ type: 'notice', text: said }));
    },
    patience: ({ type }) => (type === 'stroke' || type === 'resize' ? 0 : PATIENCE_MS),
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
