/** Whether a service is asleep, told by the kernel's tables of its threads. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { ServiceSleep } from '../../runner/targets/pgwire/settling/sleep.ts';

/** A process that computes while its parent asks it to, and has a child of its own. */
const SOURCE = `
const { fork } = require('node:child_process');
const child = process.argv[2] ? null : fork(__filename, ['child']);
let until = 0;
const burn = () => { while (Date.now() < until) {} };
process.on('message', ({ who, ms }) => {
  if (who === 'child' && child) return child.send({ who: 'me', ms });
  until = Date.now() + ms;
  burn();
  process.send?.('done');
});
child?.on('message', () => process.send('done'));
process.send?.('up');
`;

async function untilAsleep(sleep: ServiceSleep): Promise<void> {
  while (!sleep.isAsleep()) await delay(1);
}

it.skipIf(process.platform !== 'linux')('it is awake while it, or a child of it, computes', async () => {
  const { mkdtemp, rm, writeFile } = await import('node:fs/promises');
  const folder = await mkdtemp('/tmp/simcity-sleep-');
  await writeFile(`${folder}/service.cjs`, SOURCE);
  const service = spawn(process.execPath, [`${folder}/service.cjs`], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const sleep = new ServiceSleep(() => [service.pid ?? 0]);
  try {
    await once(service, 'message');
    expect(ServiceSleep.canSee([service.pid ?? 0])).toBe(true);
    await untilAsleep(sleep);
    for (const who of ['me', 'child']) {
      const done = once(service, 'message');
      service.send({ who, ms: 200 });
      // It has begun by the time it is first seen awake; then it is never asleep before it is through.
      while (sleep.isAsleep()) await delay(0);
      await done;
      await untilAsleep(sleep);
    }
  } finally {
    sleep.close();
    service.kill('SIGKILL');
    await once(service, 'exit');
    await rm(folder, { recursive: true, force: true });
  }
});
