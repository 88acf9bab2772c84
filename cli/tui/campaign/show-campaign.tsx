/** Draws a campaign until the user leaves or asks for one of its runs. The campaign goes on behind it. */
import type { Context } from '../../process/context.ts';
import { copyCommand } from '../errands.ts';
import { mount } from '../mount.tsx';
import { createPainter } from '../painter.ts';
import type { Screen } from '../screen.ts';
import { CampaignApp } from './campaign-app.tsx';
import { type CampaignAction, type CampaignView, chosenRow, reduceCampaign } from './state.ts';

/** Holds what is known of the campaign also while something else is on the screen. */
export interface CampaignStore {
  view(): CampaignView;
  dispatch(action: CampaignAction): void;
  /** Called after each change. Returns its undoing. */
  onChange(listener: (action: CampaignAction, before: CampaignView) => void): () => void;
}

export function createCampaignStore(initial: CampaignView): CampaignStore {
  let view = initial;
  const listeners = new Set<(action: CampaignAction, before: CampaignView) => void>();
  return {
    view: () => view,
    dispatch(action) {
      const before = view;
      view = reduceCampaign(view, action);
      if (view !== before) for (const listener of listeners) listener(action, before);
    },
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

const PATIENCE_MS = 100;

/** Resolves to where the user wants to go. `stop` is called when the campaign is to be stopped. */
export async function showCampaign(
  context: Context,
  screen: Screen,
  store: CampaignStore,
  stop: () => void,
): Promise<NonNullable<CampaignView['leaving']>> {
  const { dispatch } = store;
  dispatch({ type: 'back' });
  dispatch({ type: 'resize', size: screen.size() });
  const done = new AbortController();
  const app = () => (
    <CampaignApp view={store.view()} onStroke={(stroke) => dispatch({ type: 'stroke', ...stroke })} />
  );
  const mounted = mount(screen, app());
  const painter = createPainter(() => mounted.draw(app()));
  const doAsked = (before: CampaignView) => {
    const known = before.asked.at(-1)?.number ?? 0;
    for (const { number, do: what } of store.view().asked) {
      if (number <= known) continue;
      if (what === 'stop') stop();
      else {
        const text = chosenRow(store.view())?.reproduce ?? '';
        copyCommand(screen, text, (said) => dispatch({ type: 'notice', text: said }));
      }
    }
  };
  const undo = [
    store.onChange((action, before) => {
      doAsked(before);
      if (store.view().leaving !== null) done.abort();
      painter.soon(action.type === 'stroke' || action.type === 'resize' ? 0 : PATIENCE_MS);
    }),
    screen.onResize(() => {
      screen.invalidate();
      dispatch({ type: 'resize', size: screen.size() });
    }),
  ];
  const left = AbortSignal.any([done.signal, context.leaving]);
  try {
    await Promise.race([
      new Promise<void>((resolve) => {
        if (left.aborted) resolve();
        else left.addEventListener('abort', () => resolve(), { once: true });
      }),
      mounted.crashed,
    ]);
  } finally {
    for (const each of undo) each();
    painter.cancel();
    mounted.unmount();
  }
  return store.view().leaving ?? { to: 'out' };
}
