/** The version of this program, and of what it runs on. */
import packageJson from '../../package.json' with { type: 'json' };
import { ENGINE_GENERATION } from '../../server/contract/generation.ts';

export const VERSION: string = packageJson.version;

/** What a report of a problem should say. */
export function versionLines(): string {
  const { node, v8, openssl } = process.versions;
  return [
    `simcity ${VERSION}`,
    `engine generation ${ENGINE_GENERATION}`,
    `node ${node} (v8 ${v8}, openssl ${openssl})`,
    `platform ${process.platform} ${process.arch}`,
  ].join('\n');
}
