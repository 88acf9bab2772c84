// Bundles mission control for browsers into dist/web: names with a hash of what is in them, compressed beforehand.
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import { build } from 'esbuild';
import { withoutLocales } from './without-locales.mjs';

const FOLDER = 'dist/web';
/** Where the server serves what is in the folder; see server/contract/paths.ts. */
const ASSETS = '/admin/simcity/assets';

const brotli = (bytes) =>
  promisify(brotliCompress)(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } });
const gzipped = (bytes) => promisify(gzip)(bytes, { level: 9 });

const hashOf = (bytes) => createHash('sha256').update(bytes).digest('hex').slice(0, 10);

/** Of the package the page needs the version alone. */
const versionOnly = {
  name: 'version-only',
  setup({ onLoad }) {
    onLoad({ filter: /package\.json$/ }, async ({ path, with: { type } }) => {
      if (type !== 'json') return undefined;
      const { version } = JSON.parse(await readFile(path, 'utf8'));
      return { contents: JSON.stringify({ version }), loader: 'json' };
    });
  },
};

const result = await build({
  entryPoints: [
    { in: 'cli/web/boot.ts', out: 'boot' },
    { in: 'cli/web/styles/mission-control.css', out: 'mission-control' },
  ],
  outdir: FOLDER,
  entryNames: '[name]-[hash]',
  chunkNames: '[name]-[hash]',
  splitting: true,
  bundle: true,
  minify: true,
  format: 'esm',
  platform: 'browser',
  target: ['chrome111', 'firefox115', 'safari16.4'],
  jsx: 'automatic',
  jsxImportSource: 'preact',
  // An option of TypeScript's for the other parts would bring React's JSX in.
  tsconfig: 'cli/web/tsconfig.json',
  define: { 'process.env.NODE_ENV': '"production"' },
  plugins: [withoutLocales, versionOnly],
  legalComments: 'none',
  logLevel: 'warning',
  metafile: true,
  write: false,
});

/** The files of the bundle, for the licences. */
export const webInputs = Object.keys(result.metafile.inputs);

const files = new Map(result.outputFiles.map(({ path, contents }) => [basename(path), contents]));
const icon = await readFile('cli/web/icon.svg');
files.set(`icon-${hashOf(icon)}.svg`, icon);

const fileOf = (pattern) => [...files.keys()].find((name) => pattern.test(name));
const named = (pattern) => `${ASSETS}/${fileOf(pattern)}`;
/** What main loads at once: itself, and what it shares with the views that are loaded later. */
const preloads = [fileOf(/^main-.*\.js$/), ...staticImports(fileOf(/^main-.*\.js$/))]
  .map((name) => `<link rel="modulepreload" href="${ASSETS}/${name}" />`)
  .join('\n    ');
const pageOf = async (name) =>
  (await readFile(`cli/web/${name}`, 'utf8'))
    .replace('{{icon}}', named(/\.svg$/))
    .replace('{{style}}', named(/\.css$/));
const page = (await pageOf('index.html'))
  .replace('{{boot}}', named(/^boot-.*\.js$/))
  .replace('<link rel="modulepreload" href="{{script}}" />', preloads);

await mkdir(FOLDER, { recursive: true });
files.set('not-found.html', Buffer.from(await pageOf('not-found.html')));
for (const [name, contents] of files) await writeAll(name, contents);
// The page comes last: it names files that are there.
await writeAll('index.html', Buffer.from(page));
const current = new Set(
  [...files.keys(), 'index.html'].flatMap((name) => [name, `${name}.br`, `${name}.gz`]),
);
for (const name of await readdir(FOLDER)) {
  if (!current.has(name) && !name.endsWith('.tmp')) await rm(join(FOLDER, name), { force: true });
}

/** Names of the files that the script loads before it runs. */
function staticImports(script, seen = new Set()) {
  for (const { path, kind } of result.metafile.outputs[join(FOLDER, script)].imports) {
    const name = basename(path);
    if (kind !== 'import-statement' || seen.has(name)) continue;
    staticImports(name, seen.add(name));
  }
  return seen;
}

async function writeAll(name, contents) {
  await write(name, contents);
  await write(`${name}.br`, await brotli(contents));
  await write(`${name}.gz`, await gzipped(contents));
}

async function write(name, contents) {
  const path = join(FOLDER, name);
  const temporary = `${path}.${process.pid}.tmp`;
  await writeFile(temporary, contents);
  await rename(temporary, path);
}
