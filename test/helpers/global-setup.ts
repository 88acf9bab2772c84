/** Builds `dist/` once before the tests, because tests of processes run the built bundle; and what their databases are copied from. */
import { execFileSync } from 'node:child_process';
import { makeGoldenCluster } from './golden-cluster.ts';

export default async function setup(): Promise<void> {
  execFileSync(process.execPath, ['.ci/build.mjs'], { stdio: ['ignore', 'ignore', 'inherit'] });
  await makeGoldenCluster();
}
