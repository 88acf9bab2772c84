/** A service that the run starts itself: killed and started again, with nothing left behind. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { ServiceProcess } from '../../runner/targets/http/service-process.ts';
import { commandFor } from '../helpers/http-service.ts';

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

describe('a service of the run’s own', () => {
  it('comes up, is killed with its group, comes back, and is gone in the end', async () => {
    using command = await commandFor(null);
    const url = new URL(command.url);
    const port = Number(url.port);
    const service = new ServiceProcess(command.exec, url, port, () => isListening(port));
    await service.start();
    await service.kill();
    expect([service.running, await isListening(port)]).toEqual([false, false]);
    await service.start();
    expect(await isListening(port)).toBe(true);
    await service.close();
    expect([service.running, await isListening(port)]).toEqual([false, false]);
    expect(service.report()).toMatchObject({
      starts: 2,
      kills: 1,
      ends: 0,
      stdout: expect.arrayContaining([expect.stringContaining(command.url)]),
    });
  });

  it('says what it printed when it does not come up', async () => {
    const service = new ServiceProcess(
      `${process.execPath} -e "console.error('no such table'); process.exit(3)"`,
      new URL('http://127.0.0.1:1'),
      1,
      async () => false,
    );
    await expect(service.start()).rejects.toThrow(/ended before it answered[\s\S]*no such table/);
    await service.close();
  });

  it('has what surrounds it in its environment and its command, and nothing that was taken out', async () => {
    const said = "'{gate.host} {port} {constructor} {other}', process.env.GIVEN, process.env.PATH ?? 'none'";
    const service = new ServiceProcess(
      `${process.execPath} -e "console.log(${said}); process.exit(3)"`,
      new URL('http://127.0.0.1:1'),
      1,
      async () => false,
      { environment: { GIVEN: 'to it', PATH: undefined }, placeholders: { 'gate.host': 'here' } },
    );
    await expect(service.start()).rejects.toThrow('here 1 {constructor} {other} to it none');
    await service.close();
  });

  it('shows its own process, and none of SimCity beside it', async () => {
    using command = await commandFor(null);
    const url = new URL(command.url);
    const port = Number(url.port);
    const exec = `${process.execPath} -e "console.log(process.pid); require('node:http').createServer().listen(${port}, '127.0.0.1')"`;
    const service = new ServiceProcess(exec, url, port, () => isListening(port));
    expect(service.roots()).toEqual([]);
    await service.start();
    expect(service.roots()).toEqual([Number(service.report().stdout[0])]);
    await service.close();
    expect(service.roots()).toEqual([]);
  });

  it('is refused when something else answers already', async () => {
    const service = new ServiceProcess('node x', new URL('http://127.0.0.1:1'), 1, async () => true);
    await expect(service.start()).rejects.toThrow('something else answers');
  });

  it('goes when the process that started it is killed', async () => {
    using command = await commandFor(null);
    const port = Number(new URL(command.url).port);
    const script = `
      import { connect } from 'node:net';
      import { ServiceProcess } from ${JSON.stringify(new URL('../../runner/targets/http/service-process.ts', import.meta.url).href)};
      const answers = () => new Promise((resolve) => {
        const socket = connect(${port}, '127.0.0.1');
        socket.once('connect', () => { socket.destroy(); resolve(true); });
        socket.once('error', () => resolve(false));
      });
      await new ServiceProcess(${JSON.stringify(command.exec)}, new URL(${JSON.stringify(command.url)}), ${port}, answers).start();
      console.log('up');
      setInterval(() => undefined, 1000);`;
    const parent = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(parent.stdout, 'data');
    expect(await isListening(port)).toBe(true);
    parent.kill('SIGKILL');
    while (await isListening(port)) await delay(10);
  });
});
