import { type AddressInfo, createServer } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createApi } from '../../cli/client/api.ts';
import { type FakeServer, startFakeServer } from '../helpers/fake-server.ts';
import { RUN_ID, recordedRun } from '../helpers/recorded-run.ts';

let server: FakeServer;
beforeEach(async () => {
  server = await startFakeServer(recordedRun());
});
afterEach(() => server.close());

function apiThatGets(status: number, body: unknown) {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return createApi(
    { url: 'http://fake.test', token: undefined },
    { exchange: async () => ({ status, text }) },
  );
}

describe('the API client', () => {
  test('launches and reads a run', async () => {
    const api = createApi({ url: server.url, token: 'secret' });
    await expect(api.launch({ seed: 42 })).resolves.toMatchObject({ id: RUN_ID });
    await expect(api.run('latest')).resolves.toMatchObject({ seed: 42 });
    expect(server.bodies).toEqual([{ seed: 42 }]);
    expect(server.requests).toEqual(['POST /runs', 'GET /runs/latest']);
  });

  test('says which server refused the connection, and what to do', async () => {
    const { url } = server;
    await server.close();
    server = await startFakeServer(recordedRun());
    await expect(createApi({ url, token: undefined }).run('latest')).rejects.toMatchObject({
      exitCode: 4,
      message: `cannot reach the SimCity server at ${url}: connection refused.`,
      hint: expect.stringContaining('simcity up'),
    });
  });

  test.each([
    ['not_found', 404, 2],
    ['ambiguous_run', 409, 2],
    ['run_ended', 409, 2],
    ['invalid_request', 400, 2],
    ['unauthorized', 401, 4],
    ['unavailable', 503, 4],
    ['internal', 500, 4],
  ])('turns %s into what people read', async (code, status, exitCode) => {
    const api = apiThatGets(status, { error: { code, message: 'what was \u001b[31mwrong' } });
    await expect(api.run('abc')).rejects.toMatchObject({ exitCode, message: 'what was ␛[31mwrong' });
  });

  test('knows an answer of something that is no SimCity', async () => {
    await expect(apiThatGets(502, '<html>Bad gateway</html>').run('x')).rejects.toMatchObject({
      exitCode: 4,
      message: expect.stringContaining('HTTP 502'),
    });
    await expect(apiThatGets(200, { hello: 'world' }).run('x')).rejects.toMatchObject({
      exitCode: 4,
      message: expect.stringContaining('not what this version understands'),
    });
  });

  test('asks again when a connection that was kept is closed as it is used', async () => {
    const body = JSON.stringify(recordedRun());
    const answer = `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
    let connections = 0;
    const closing = createServer((socket) => {
      connections += 1;
      let requests = 0;
      socket.on('error', () => undefined);
      socket.on('data', () => {
        requests += 1;
        if (requests === 1) socket.write(answer);
        else socket.resetAndDestroy();
      });
    });
    await new Promise<void>((resolve) => closing.listen(0, '127.0.0.1', resolve));
    const { port } = closing.address() as AddressInfo;
    const api = createApi({ url: `http://127.0.0.1:${port}`, token: undefined });
    await api.run('latest');
    await expect(api.run('latest')).resolves.toMatchObject({ id: RUN_ID });
    expect(connections).toBe(2);
    closing.close();
  });
});
