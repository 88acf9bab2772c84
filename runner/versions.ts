/** What the engine is and runs on, as the `start` event and the forensic bundle tell it. */
import packageJson from '../package.json' with { type: 'json' };
import { ENGINE_GENERATION } from '../server/contract/index.ts';

export const VERSION: string = packageJson.version;

/** The target's own versions are added to these. */
export function engineVersions(): Record<string, string> {
  return { simcity: VERSION, generation: String(ENGINE_GENERATION), node: process.versions.node };
}
