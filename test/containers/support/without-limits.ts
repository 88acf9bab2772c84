/** `crun create --bundle FOLDER …` without limits: takes them out of the bundle, where a sandbox forbids to set them. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

const { values } = parseArgs({ options: { bundle: { type: 'string', short: 'b' } }, strict: false });
const path = join(String(values.bundle), 'config.json');
const config = JSON.parse(readFileSync(path, 'utf8')) as Record<'process' | 'linux', Record<string, unknown>>;
delete config.process['rlimits'];
delete config.process['oomScoreAdj'];
delete config.linux['resources'];
writeFileSync(path, JSON.stringify(config));
