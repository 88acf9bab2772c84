/** Which engine executed a run, in words: by its generation it is known what the seed means. */
import type { Run, RunEvent } from '../../server/contract/index.ts';
import { safeText } from './sanitize.ts';

/** The version of a run that is older than the storing of it. */
export const OLDER_VERSION = 'before 0.2.0';

export interface EngineText {
  generation: string;
  version: string;
}

/** Null for a run that no runner has taken yet. */
export function engineTextOf(
  run: Pick<Run, 'generation' | 'version' | 'runner' | 'startedAt'>,
): EngineText | null {
  const { generation, version } = run;
  if (generation !== null) return { generation: String(generation), version: safeText(version ?? 'unknown') };
  if (run.runner === null && run.startedAt === null) return null;
  return { generation: 'unknown', version: OLDER_VERSION };
}

/** What the `start` event says that the run is executed by, as `[name, version]`; empty for other events. */
export function versionsOf({ type, data }: RunEvent): [name: string, version: string][] {
  const { versions } = data;
  if (type !== 'start' || typeof versions !== 'object' || versions === null) return [];
  return Object.entries(versions).map(([name, version]) => [safeText(name), safeText(String(version))]);
}
