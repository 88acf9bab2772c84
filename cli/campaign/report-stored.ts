/** Tells the server of a directory of the campaigns in it that it has not heard of, or not to their end. */
import { randomUUID } from 'node:crypto';
import type { Api } from '../client/api.ts';
import { campaignFiles } from './checkpoint.ts';
import { reportOf, restingState } from './report.ts';

/** Older ones stay unknown. */
const NEWEST = 200;

/** Those that somebody conducts are left to him, and those that cannot be read to who resumes them. */
export async function reportStored(api: Api, dataDir: string): Promise<void> {
  const files = campaignFiles(dataDir);
  const stored = files.list().slice(0, NEWEST);
  if (stored.length === 0) return;
  const known = new Map((await api.campaigns({ limit: NEWEST })).campaigns.map((each) => [each.name, each]));
  // The newest last, as they came.
  for (const { name, savedAtMs } of stored.reverse()) {
    const before = known.get(name);
    const isOver = before?.state === 'done' || before?.state === 'interrupted';
    const isKnown = isOver && Date.parse(before.updatedAt) >= savedAtMs;
    if (isKnown || (await files.isLocked(name))) continue;
    const at = new Date(savedAtMs).toISOString();
    try {
      const checkpoint = files.load(name);
      const state = restingState(checkpoint);
      const holder = { holder: randomUUID(), begins: true, after: checkpoint.holder };
      await api.reportCampaign(name, reportOf(checkpoint, { ...holder, state, at }));
    } catch {}
  }
}
