import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadModules } from '../../runner/modules/load-modules.ts';
import { loadedScenario, loadedService } from '../../runner/modules/loaded.ts';
import { beginWorkload } from '../../runner/scenarios/registry.ts';
import {
  isModuleFile,
  isModuleLabel,
  moduleLabel,
  reproduceCommand,
  runConfigSchema,
} from '../../server/contract/index.ts';

const SERVICE =
  'prepare() {}, *handle() { return { outcome: "refused", reason: "no" } }, inspect() { return [] }';

describe('files of the user', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'simcity-modules-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  async function file(name: string, text: string): Promise<string> {
    const path = join(folder, name);
    await writeFile(path, text);
    return path;
  }
  const target = (path: string) => loadModules({ target: path, scenario: null, adapter: null });
  const scenario = (path: string) => loadModules({ target: null, scenario: path, adapter: null });

  it('a service in memory and one over SQL are told apart by their schema', async () => {
    await target(await file('memory.mjs', `export default { ${SERVICE} }`));
    expect(loadedService('module:./memory.mjs').kind).toBe('memory');
    await target(await file('sql.ts', `const schema: string = ''; export default { schema, ${SERVICE} }`));
    expect(loadedService('module:./sql.ts').kind).toBe('sql');
  });

  it('a class is a service too', async () => {
    await target(
      await file('class.mjs', `class S { ${SERVICE.replaceAll('}, ', '} ')} } export default new S()`),
    );
    expect(loadedService('module:./class.mjs').kind).toBe('memory');
  });

  it.each([
    ['a file that is not there', 'missing.ts', null, 'there is no such file'],
    ['another kind of file', 'notes.txt', 'x', 'is not a .ts, .mts, .js, .mjs file'],
    [
      'no default export',
      'named.mjs',
      'export const service = 1',
      'has no default export (it exports service)',
    ],
    [
      'a default export that is no object',
      'text.mjs',
      'export default "x"',
      'is string, but must be an object',
    ],
    [
      'a member that is missing',
      'part.mjs',
      'export default { prepare() {}, inspect() {} }',
      'handle (function) is missing',
    ],
    [
      'a member of the wrong kind',
      'kind.mjs',
      `export default { schema: 1, ${SERVICE} }`,
      'schema is number instead of string',
    ],
    ['an error in the syntax', 'syntax.mjs', 'export default {{', 'cannot be loaded'],
    ['an error of its own', 'throws.mjs', 'throw new Error("no luck")', 'no luck'],
  ])('%s is refused, with what is wrong', async (_, name, text, said) => {
    const path = text === null ? join(folder, name) : await file(name, text);
    await expect(target(path)).rejects.toThrow(said);
    await expect(target(path)).rejects.toThrow(path);
  });

  it('a link is followed to its file; a folder is refused', async () => {
    const path = await file('real.mjs', `export default { ${SERVICE} }`);
    await symlink(path, join(folder, 'link.mjs'));
    await target(join(folder, 'link.mjs'));
    await expect(target(folder)).rejects.toThrow('is not a regular file');
  });

  it('a scenario says what it lacks, and so does its workload when a run begins', async () => {
    const nameless = await file('nameless.mjs', 'export default { operations: [], workload() {} }');
    await expect(scenario(nameless)).rejects.toThrow('name (string) is missing');
    const old = await file('old.mjs', 'export default { name: "x", operations: [], play() {} }');
    await expect(scenario(old)).rejects.toThrow(
      'workload (function) is missing, what was play until 0.2.0 is called workload',
    );
    await scenario(
      await file(
        'bare.mjs',
        'export default { name: "x", operations: [], workload: () => ({ objects: [] }) }',
      ),
    );
    const begin = () => beginWorkload(loadedScenario('module:./bare.mjs'), 1, runConfigSchema.parse({}));
    expect(begin).toThrow('plan (function) is missing');
    expect(begin).toThrow('world (object) is missing');
  });

  it('a label alone loads nothing', async () => {
    await loadModules(undefined);
    expect(() => loadedService('module:/etc/passwd.mjs')).toThrow('no such file was given here');
  });

  it('labels tell files as they were written, and the reproducing command takes them back', () => {
    expect(moduleLabel('my-service.ts')).toBe('module:./my-service.ts');
    expect(moduleLabel('../a b.ts')).toBe('module:../a b.ts');
    expect(isModuleLabel(moduleLabel('x.ts'))).toBe(true);
    expect(isModuleFile('http://127.0.0.1/x.js')).toBe(false);
    const run = { scenario: moduleLabel('s.ts'), target: moduleLabel('../a b.ts'), seed: 1 };
    expect(reproduceCommand({ ...run, config: runConfigSchema.parse({}) })).toBe(
      "npx simcity run --scenario ./s.ts --target '../a b.ts' --seed 1",
    );
  });
});
