/** What came of letting statements through that the engine asks for afterwards. */
import { EngineFault } from '../../engine-fault.ts';
import type { Task } from '../target.ts';
import type { LockHappenings } from './held.ts';

interface Note {
  type: string;
  data: Record<string, unknown>;
}

export class Happenings<T extends Task> implements LockHappenings {
  readonly sometimes = {
    'a transaction waited for a lock': 0,
    'a request waited for a connection': 0,
    'a deadlock was broken': 0,
    'a transaction failed to serialize': 0,
  };
  /** The task that takes a step now: its step tells of it, `takeWoken` of all others. */
  stepping: T | null = null;
  #woken: T[] = [];
  #notes: Note[] = [];

  /** The task waited and can go on. */
  makeReady(task: T): void {
    if (this.#woken.includes(task))
      throw new EngineFault('A request is woken once for each time that it waits.');
    task.state = 'ready';
    if (task !== this.stepping) this.#woken.push(task);
  }

  takeWoken(): readonly T[] {
    const woken = this.#woken;
    if (woken.length > 0) this.#woken = [];
    return woken;
  }

  /** Nobody goes on. */
  forgetWoken(): void {
    this.#woken = [];
  }

  note(note: Note): void {
    this.#notes.push(note);
  }

  takeNotes(): readonly Note[] {
    const notes = this.#notes;
    if (notes.length > 0) this.#notes = [];
    return notes;
  }
}
