/** Example booking services for tests: in this process, or as a command for `--exec`. */
import { mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { shellWord } from '../../runner/reproduce.ts';
import { BUGS } from '../fixtures/booking-services/bugs.ts';
import { RIGHTS } from '../fixtures/booking-services/rights.ts';
import { BookingService, serve } from '../fixtures/booking-services/service.ts';

/** A service in this process, the plain right one (null), another right one or one with a bug, on a free port until it is disposed of. */
export async function servedHere(bug: string | null): Promise<AsyncDisposable & { url: string }> {
  const directory = mkdtempSync(join(tmpdir(), 'simcity-service-'));
  const Service = bug === null ? BookingService : (BUGS[bug] ?? RIGHTS[bug]);
  if (!Service) throw new Error(`There is no bug "${bug}".`);
  const service = new Service(join(directory, 'log'));
  const server = await serve(service, 0);
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      rmSync(directory, { recursive: true });
    },
  };
}

/** The command for a service as a process, and where it will be. */
export async function commandFor(bug: string | null): Promise<Disposable & { url: string; exec: string }> {
  const directory = mkdtempSync(join(tmpdir(), 'simcity-service-'));
  const port = await freePort();
  const script = fileURLToPath(
    new URL(`../fixtures/booking-services/${bug === null ? 'right' : 'buggy'}.ts`, import.meta.url),
  );
  const words = [process.execPath, script, '--port', String(port), '--data', join(directory, 'log')];
  if (bug !== null) words.push('--bug', bug);
  return {
    url: `http://127.0.0.1:${port}`,
    exec: words.map(shellWord).join(' '),
    [Symbol.dispose]() {
      rmSync(directory, { recursive: true });
    },
  };
}

/** A port that was free a moment ago, for what cannot be told to take any. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
