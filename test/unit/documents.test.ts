/** Documents name files that there are: who moves one is told where it is named. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, normalize } from 'node:path';
import { expect, it } from 'vitest';

const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
  encoding: 'utf8',
})
  .trim()
  .split('\n');
// The changelog tells of files that were.
const documents = files.filter((file) => file.endsWith('.md') && file !== 'CHANGELOG.md');

it.each(documents)('%s', (document) => {
  const text = readFileSync(document, 'utf8');
  const named = [...text.matchAll(/`(\w[\w./-]*\/[\w.-]+\.(?:tsx?|mjs|sql|md|json|yaml))`/g)];
  const linked = [...text.matchAll(/\]\(((?!https?:)[^)#]+)/g)].map(([, path]) =>
    normalize(`${dirname(document)}/${path}`),
  );
  const missing = [...named.map(([, path]) => path as string), ...linked].filter(
    (path) => !files.some((file) => `/${file}`.endsWith(`/${path}`) || file.startsWith(`${path}/`)),
  );
  expect(missing).toEqual([]);
});
