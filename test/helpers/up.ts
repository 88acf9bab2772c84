/** `simcity up` as a process of its own: database, server, runner, on a free port. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { folderWithCluster } from './golden-cluster.ts';

export interface Up {
  url: string;
  down(): Promise<void>;
}

export async function startUp(): Promise<Up> {
  const folder = await folderWithCluster('data');
  const args = ['up', '--port', '0', '--data-dir', `${folder.path}/data`];
  const child = spawn(process.execPath, [`${process.cwd()}/cli/simcity.js`, ...args], {
    cwd: folder.path,
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'] },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  const url = await new Promise<string>((resolve, reject) => {
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (part: string) => {
      text += part;
      if (text.includes('\n')) resolve(text.split('\n')[0]?.trim() ?? '');
    });
    child.once('exit', () => reject(new Error(`simcity up ended: ${said}`)));
  });
  return {
    url,
    async down() {
      child.kill('SIGTERM');
      if (child.exitCode === null) await once(child, 'exit');
      await folder.remove();
    },
  };
}
