/** Files of the user's in a package of `"type": "commonjs"`, loaded by Node itself as a run loads them. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';

const ADAPTER = "name: 'x', reset() {}, request() {}, reply() {}";
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'simcity-commonjs-'));
  writeFileSync(join(folder, 'package.json'), '{ "type": "commonjs" }');
  writeFileSync(join(folder, 'help.ts'), "export const named: string = 'help';");
});
afterAll(() => rmSync(folder, { recursive: true }));

/** The name of the adapter, or why it cannot be loaded. */
async function loaded(file: string, text: string, before = ''): Promise<string> {
  writeFileSync(join(folder, file), text);
  const script = `${before}
    const { loadModules } = await import(${JSON.stringify(resolve('runner/modules/load-modules.ts'))});
    const { loadedAdapter } = await import(${JSON.stringify(resolve('runner/modules/loaded.ts'))});
    await loadModules({ target: null, scenario: null, adapter: ${JSON.stringify(join(folder, file))} })
      .then(() => console.log(loadedAdapter().adapter.name), (error) => console.log(error.message));`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script]);
  return stdout.trim();
}

it.each([
  ['export.ts', `export default { ${ADAPTER} };`],
  ['export.js', `export default { ${ADAPTER} };`],
  ['import.ts', `import { named } from './help.ts';\nexport default { ${ADAPTER}, tag: named };`],
  ['export.mts', `export default { ${ADAPTER} };`],
  ['required.js', `const { join } = require('node:path');\nmodule.exports = { ${ADAPTER}, join };`],
])('%s is loaded', async (file, text) => {
  expect(await loaded(file, text)).toBe('x');
});

it('on a Node without hooks, one is told what to change', async () => {
  const without = `
    import { syncBuiltinESMExports } from 'node:module';
    import nodeModule from 'node:module';
    nodeModule.registerHooks = undefined;
    syncBuiltinESMExports();`;
  const said = await loaded('old.ts', `export default { ${ADAPTER} };`, without);
  expect(said).toMatch(/old\.ts cannot be loaded: .*"type": "commonjs"\. Rename it to \.mts/);
});
