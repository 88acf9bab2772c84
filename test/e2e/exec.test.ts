/** A service of the user's own, started by the run, killed in the middle of its work, and started again. */
import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { simcity } from '../helpers/cli-process.ts';
import { freePort, type TestFolder, testFolder } from '../helpers/folder.ts';

let folder: TestFolder;

beforeAll(async () => {
  folder = await testFolder();
});

afterAll(async () => {
  await folder.remove();
});

async function run(service: string, ...args: string[]) {
  const port = await freePort();
  const command = `${process.execPath} ${process.cwd()}/test/fixtures/booking-services/${service} --port ${port}`;
  const own = ['--data-dir', `${folder.path}/data`, '--operations', '900', '--seed', '3'];
  return await simcity(
    ['run', '--target', `http://127.0.0.1:${port}`, '--exec', `${command} ${args.join(' ')}`, ...own],
    { cwd: folder.path },
  );
}

it('the right service passes although it is killed', async () => {
  const result = await run('right.ts', '--data', `${folder.path}/bookings.log`);
  expect(result, result.stdout + result.stderr).toMatchObject({ exitCode: 0 });
  const own = ['--data-dir', `${folder.path}/data`];
  const { stdout } = await simcity(['events', 'latest', '--json', ...own], { cwd: folder.path });
  expect(stdout).toContain('"name":"crash"');
});

it('a wrong one fails, with how often it fails again, and a command that says how it was started', async () => {
  const result = await run('buggy.ts', '--bug', 'check-then-insert');
  expect(result, result.stderr).toMatchObject({ exitCode: 1 });
  expect(result.stdout).toMatch(/it failed the same way (once|\d times)/);
  expect(result.stdout).toMatch(/reproduce: .*--exec '/);
});

it('leaves no service behind, and refuses a command without a URL', async () => {
  const processes = execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' });
  expect(processes).not.toContain(`${process.cwd()}/test/fixtures/booking-services/`);
  expect(await simcity(['run', '--exec', 'true'], { cwd: folder.path })).toMatchObject({ exitCode: 2 });
});
