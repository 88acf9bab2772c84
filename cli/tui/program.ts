/** Runs a program on the screen: messages come in, `update` makes the next model of them, `view` draws it. */
import type { ReactNode } from 'react';
import type { Context } from '../process/context.ts';
import { mount } from './mount.tsx';
import { createPainter } from './painter.ts';
import type { Screen } from './screen.ts';
import type { Size } from './state/state.ts';

/** What every program knows of itself. */
export interface Model {
  size: Size;
  /** What is asked for outside, each once, in order of their numbers; bounded. */
  effects: readonly { number: number }[];
  /** Not null once the program has to close. */
  leaving: unknown;
}

/** The one message that every program gets. */
export interface Resize {
  type: 'resize';
  size: Size;
}

/** Holds a model, which may outlive the program that shows it. */
export interface Store<M extends Model, Message> {
  model(): M;
  /** Updates the model. What an update leaves as it was is no change. */
  send(message: Message | Resize): void;
  /** Called after each change, in order of listening. Returns its undoing. */
  onChange(listener: (message: Message | Resize, before: M) => void): () => void;
}

/** The store of a program that goes on while something else is on the screen. */
export function createStore<M extends Model, Message>({
  init,
  update,
}: Pick<Program<M, Message>, 'init' | 'update'>): Store<M, Message> {
  let model = init;
  const listeners = new Set<(message: Message | Resize, before: M) => void>();
  return {
    model: () => model,
    send(message) {
      const before = model;
      model = update(model, message);
      if (model !== before) for (const listener of listeners) listener(message, before);
    },
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/** What subscriptions and effects work with. */
export interface Running<M extends Model, Message> extends Store<M, Message> {
  /** Aborted once the program closes. */
  closing: AbortSignal;
  /** Closes the program with an error. */
  fail(error: unknown): void;
}

export interface Program<M extends Model, Message> {
  /** With what is to be done at the beginning as effects. */
  init: M;
  /** Pure. */
  update(model: M, message: Message | Resize): M;
  view(model: M, send: (message: Message) => void): ReactNode;
  /** Starts what brings messages: timers, streams, signals. Returns what ends them. */
  subscriptions(running: Running<M, Message>): (() => void)[];
  /** Does what an update asked for. */
  effects(effect: M['effects'][number], running: Running<M, Message>): void;
  /** How long the picture of a message may wait, in ms; 0: until the end of this turn. */
  patience(message: Message | Resize, model: M): number;
}

/**
 * Shows the program until its model wants to leave, or the process does.
 * @param kept its store, where the program goes on while something else is on the screen
 * @throws what it fails with, or a crash of its view
 */
export async function show<M extends Model, Message>(
  context: Context,
  screen: Screen,
  program: Program<M, Message>,
  kept?: Store<M, Message>,
): Promise<M> {
  const store = kept ?? createStore(program);
  const done = new AbortController();
  const closing = AbortSignal.any([done.signal, context.leaving]);
  const failed = Promise.withResolvers<never>();
  const running: Running<M, Message> = { ...store, closing, fail: failed.reject };
  const picture = () => program.view(store.model(), store.send);
  const mounted = mount(screen, picture());
  const painter = createPainter(() => mounted.draw(picture()));
  const undo = [
    store.onChange((message, before) => {
      performNew(program, running, before.effects);
      if (store.model().leaving !== null) done.abort();
      painter.soon(program.patience(message, store.model()));
    }),
    screen.onResize(() => {
      screen.invalidate();
      store.send({ type: 'resize', size: screen.size() });
    }),
    ...program.subscriptions(running),
  ];
  // What a kept store was asked for before has been done before.
  performNew(program, running, kept === undefined ? [] : kept.model().effects);
  try {
    await Promise.race([aborted(closing), failed.promise, mounted.crashed]);
  } finally {
    for (const each of undo) each();
    painter.cancel();
    mounted.unmount();
    done.abort();
  }
  return store.model();
}

function performNew<M extends Model, Message>(
  program: Program<M, Message>,
  running: Running<M, Message>,
  known: M['effects'],
): void {
  const newest = known.at(-1)?.number ?? 0;
  for (const effect of running.model().effects) if (effect.number > newest) program.effects(effect, running);
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
