/** Builds `dist/` once before the tests, because tests of processes run the built bundle. */
import { execFileSync } from 'node:child_process';

export default function setup(): void {
  execFileSync(process.execPath, ['.ci/build.mjs'], { stdio: ['ignore', 'ignore', 'inherit'] });
}
