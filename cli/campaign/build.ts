/** Which build executes seeds: two with the same hash find the same. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { ENGINE_GENERATION } from '../../server/contract/index.ts';
import { partFile } from '../hosting/part.ts';
import { VERSION } from '../process/version.ts';

/** Generation, version and the shipped engine: its file names those that it loads by the hashes of their contents. */
export function buildHash(): string {
  return createHash('sha256')
    .update(JSON.stringify([ENGINE_GENERATION, VERSION]))
    .update(readFileSync(partFile('worker')))
    .digest('hex');
}
