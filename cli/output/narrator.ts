/** What tells a run in lines as it goes: dated log lines, or sentences. */
import type { EndFrame, Frame, Run } from '../../server/contract/index.ts';
import type { LinkStatus } from '../client/stream.ts';
import type { Style } from './style.ts';

export interface Narrator {
  /** The lines before the first event. */
  start(run: Run): string[];
  frame(frame: Frame): string[];
  link(link: LinkStatus): string[];
  /** The run was begun, was lost, and waits for a runner again. */
  queuedAgain(run: Run): string[];
  /** Nothing was said for so long. */
  idle(silentMs: number): string[];
  /** How it ended. */
  verdict(run: Run, end: EndFrame, style: Style): string[];
}
