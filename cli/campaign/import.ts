/** Tells a server of the campaigns of its directory that were executed without one. */
import type { Api } from '../client/api.ts';
import { importOf } from './campaign-of.ts';
import { campaignFiles } from './files.ts';

/** Older ones stay unknown. */
const NEWEST = 200;

/** Those that somebody executes are left to him, and those that cannot be read to who resumes them. */
export async function importStored(api: Api, dataDir: string): Promise<void> {
  const files = campaignFiles(dataDir);
  const stored = files.list().slice(0, NEWEST);
  if (stored.length === 0) return;
  const known = new Map((await api.campaigns({ limit: NEWEST })).campaigns.map((each) => [each.name, each]));
  // The newest last, as they came.
  for (const { name, savedAtMs } of stored.reverse()) {
    const before = known.get(name);
    const isKnown = before !== undefined && Date.parse(before.updatedAt) >= savedAtMs;
    if (isKnown || (await files.isLocked(name))) continue;
    try {
      await api.importCampaign(name, importOf(files.load(name), new Date(savedAtMs)));
    } catch {}
  }
}
