/** Adapters against real servers: what they send, what is made of the answers, and whose error it is when they break. */
import { describe, expect, it } from 'vitest';
import { AdapterError } from '../../runner/modules/adapter-error.ts';
import { httpApiOf } from '../../runner/targets/http/adapted.ts';
import type { HttpAdapter, HttpReply } from '../../runner/targets/http/adapter.ts';
import { NotPreparedError, Unanswered } from '../../runner/targets/http/api.ts';
import { preparingSend, withinLimit } from '../../runner/targets/http/preparing.ts';
import { answerJson, sending, smallServer } from '../helpers/small-server.ts';

const book = { operation: 'book', slot: 'slot-001', citizen: 'citizen-001', key: 'k1' } as const;
const world = { slots: [], citizens: 5 };

const adapter = (perform: HttpAdapter['perform'], more: Partial<HttpAdapter> = {}): HttpAdapter => ({
  name: 'test',
  reset: async () => undefined,
  ...(perform ? { perform } : {}),
  ...more,
});

const echo = () =>
  smallServer(({ method, path, headers, body }, response) => {
    if (path === '/broken') return answerJson(response, 500, { no: 'luck' });
    response.setHeader('set-cookie', `seen=${path.slice(1)}; Path=/`);
    answerJson(response, path === '/refused' ? 409 : 200, {
      method,
      type: headers['content-type'],
      cookie: headers.cookie,
      body: body.toString('latin1'),
    });
  });

describe('perform', () => {
  it('sends as many requests as it takes, with bodies of every kind, and cookies of its jar', async () => {
    await using server = await echo();
    const api = httpApiOf(
      adapter(async ({ citizen }, send) => {
        await send({ method: 'POST', path: '/form', form: { a: 1 }, jar: citizen });
        await send({ method: 'PUT', path: '/bytes', bytes: Uint8Array.of(0, 255), jar: 'another' });
        const { json, status } = await send({ method: 'post', path: '/text', text: 'x', jar: citizen });
        return { outcome: 'ok', value: { booking: status, json } };
      }),
    );
    expect(await api.perform(book, sending(await server.wire()))).toEqual({
      outcome: 'ok',
      value: { booking: '200' },
    });
    expect(
      server.asked.map(({ method, path, headers, body }) => [
        `${method} ${path} ${headers['content-type']} ${headers.cookie}`,
        body.toString('latin1'),
      ]),
    ).toEqual([
      ['POST /form application/x-www-form-urlencoded undefined', 'a=1'],
      ['PUT /bytes application/octet-stream undefined', '\0\xff'],
      ['POST /text text/plain; charset=utf-8 seen=form', 'x'],
    ]);
  });

  it.each<[string, HttpReply, unknown]>([
    ['book', { outcome: 'ok', value: { booking: 7 } }, { outcome: 'ok', value: { booking: '7' } }],
    ['read', { outcome: 'ok', value: { bookings: 2 } }, { outcome: 'ok', value: { id: 's', bookings: 2 } }],
    [
      'read',
      { outcome: 'ok', value: { open: true, capacity: 3, bookings: [{ citizen: 'c' }, { id: 1 }], more: 1 } },
      {
        outcome: 'ok',
        value: { id: 's', open: true, capacity: 3, bookings: [{ citizen: 'c' }, { id: '1' }] },
      },
    ],
    [
      'list',
      { outcome: 'ok', value: { slots: [{ id: 1, bookings: 0 }] } },
      { outcome: 'ok', value: { slots: [{ id: '1', bookings: 0 }] } },
    ],
    ['cancel', { outcome: 'ok' }, { outcome: 'ok', value: { booking: 'b' } }],
    ['cancel', { outcome: 'refused', reason: 'not-yours' }, { outcome: 'refused', reason: 'not-yours' }],
    ['book', { outcome: 'refused', reason: 'unavailable' }, { outcome: 'refused', reason: 'unavailable' }],
    ['book', { outcome: 'failed', error: 'x' }, { outcome: 'failed', error: 'x' }],
    [
      'book',
      { outcome: 'wrong', why: 'no seats at all' },
      { outcome: 'breach', message: expect.stringContaining('no seats at all'), expected: expect.anything() },
    ],
  ])('of %s may say %j', async (operation, said, taken) => {
    const api = httpApiOf(adapter(async () => said));
    const call = { operation, slot: 's', booking: 'b', citizen: 'c' };
    expect(await api.perform(call, async () => never())).toEqual(taken);
  });

  it.each<[string, unknown, RegExp]>([
    ['book', undefined, /for book, returned no HttpReply/],
    ['book', { outcome: 'ok' }, /no `booking`.*cancelsBy/],
    ['book', { outcome: 'refused', reason: 'sold' }, /no reason is "sold": full, closed/],
    ['read', { outcome: 'ok', value: {} }, /a value with bookings/],
    ['read', { outcome: 'ok', value: { bookings: [{}] } }, /bookings\.0: it needs an id, or a citizen/],
    ['list', { outcome: 'ok', value: { slots: [{ id: 'x', bookings: [] }] } }, /slots\.0\.bookings/],
  ])('of %s that says %j is an error of the adapter', async (operation, said, message) => {
    const api = httpApiOf(adapter(async () => said as HttpReply));
    await expect(api.perform({ ...book, operation }, async () => never())).rejects.toThrow(message);
    await expect(api.perform({ ...book, operation }, async () => never())).rejects.toMatchObject({
      name: 'AdapterError',
      phase: 'mapping',
    });
  });

  it('needs no ids where a cancel names the citizen, and takes any value for another scenario', async () => {
    const said: HttpReply = { outcome: 'ok', value: { coins: 3 } };
    const byCitizen = httpApiOf(adapter(async () => said, { rules: { cancelsBy: 'citizen' } }));
    expect(await byCitizen.perform(book, async () => never())).toEqual({ outcome: 'ok', value: {} });
    const other = httpApiOf(
      adapter(async () => said),
      { name: 'transfers', operations: ['transfer'] },
    );
    expect([other.offers('transfer'), other.offers('book')]).toEqual([true, false]);
    expect(await other.perform(book, async () => never())).toEqual(said);
  });

  it('leaves an outcome unknown where a lost answer is not caught, and may look where it is', async () => {
    await using server = await echo();
    const send = sending(await server.wire());
    const lost = httpApiOf(
      adapter(async (_, ask) => void (await ask({ method: 'POST', path: '/broken' })) as never),
    );
    await expect(lost.perform(book, send)).rejects.toMatchObject({ name: 'Unanswered', status: 500 });
    const looks = httpApiOf(
      adapter(async (_, ask) => {
        await ask({ method: 'POST', path: '/broken' }).catch(() => null);
        const { status } = await ask({ method: 'GET', path: '/look' });
        return { outcome: 'ok', value: { booking: status } };
      }),
    );
    expect(await looks.perform(book, send)).toMatchObject({ outcome: 'ok' });
  });

  it('has its own errors, with their place, whatever the service answered', async () => {
    await using server = await echo();
    const send = sending(await server.wire());
    const broken = (perform: HttpAdapter['perform']) =>
      httpApiOf(adapter(perform))
        .perform(book, send)
        .catch((error: unknown) => error);
    for (const error of [
      await broken(
        async (_, ask) => ((await ask({ method: 'GET', path: '/refused' })).json as never)['x']['y'],
      ),
      await broken(async (_, ask) => {
        await ask({ method: 'GET', path: '/refused' });
        throw new Error('no such answer');
      }),
      await broken(async (_, ask) => {
        // Caught, it is wrong all the same.
        await ask({ method: 'POST', path: '/x', json: 1, form: {} }).catch(() => null);
        return { outcome: 'ok', value: { booking: '1' } };
      }),
    ]) {
      expect(error).toBeInstanceOf(AdapterError);
      expect(error).toMatchObject({ phase: 'mapping', role: 'adapter' });
      expect((error as { cause: Error }).cause.stack).toContain('http-adapted.test.ts');
    }
    const told = await broken(async (_, ask) => {
      await ask({ method: 'GET', path: '/refused' });
      throw new Error('no such answer');
    });
    expect(String(told)).toMatch(
      /for book, failed after GET \/refused was answered 409 with .*no such answer/,
    );
  });

  it('that leaves a request behind is told so; one that is lost beside another ends nothing else', async () => {
    await using server = await echo();
    const send = sending(await server.wire());
    const careless = httpApiOf(
      adapter(async (_, ask) => {
        void ask({ method: 'GET', path: '/refused' });
        return { outcome: 'ok', value: { booking: '1' } };
      }),
    );
    await expect(careless.perform(book, send)).rejects.toThrow(/Await every send/);
    const both = httpApiOf(
      adapter(async (_, ask) => {
        const [first, second] = [1, 2].map(() => ask({ method: 'POST', path: '/broken' }));
        await first;
        await second;
        return { outcome: 'ok' };
      }),
    );
    await expect(both.perform(book, send)).rejects.toBeInstanceOf(Unanswered);
  });

  it('is, in the short form, one request and what its answer means', async () => {
    await using server = await echo();
    const short: HttpAdapter = {
      name: 'short',
      reset: async () => undefined,
      request: ({ citizen }) => ({ method: 'POST', path: '/refused', json: { citizen } }),
      reply: (_, { status }) =>
        status === 409 ? { outcome: 'refused', reason: 'full' } : { outcome: 'wrong', why: 'it is no 409' },
    };
    const raced: unknown[] = [];
    const send = sending(await server.wire());
    const api = httpApiOf(short);
    const reply = await api.perform(book, (request, options) => {
      raced.push(options);
      return send(request);
    });
    expect([reply, raced]).toEqual([{ outcome: 'refused', reason: 'full' }, [{ raced: true }]]);
  });
});

describe('setup and reset', () => {
  it('ask a service again that is still starting', async () => {
    let times = 0;
    await using server = await smallServer((_, response) =>
      answerJson(response, ++times < 4 ? 503 : 201, {}),
    );
    const api = httpApiOf(
      adapter(undefined, {
        setup: async (citizens, send) => {
          for (const name of citizens) await send({ method: 'POST', path: '/accounts', json: { name } });
        },
      }),
    );
    await api.setup(['citizen-001', 'citizen-002'], preparingSend(await server.wire(), 5_000));
    expect(server.asked.map(({ body }) => JSON.parse(body.toString()).name)).toEqual([
      ...Array.from({ length: 4 }, () => 'citizen-001'),
      'citizen-002',
    ]);
  });

  it('wait for a service that nobody has started yet', async () => {
    const before = await smallServer((_, response) => answerJson(response, 204));
    const wire = await before.wire();
    const { port } = before;
    before.server.closeAllConnections();
    await new Promise((resolve) => before.server.close(resolve));
    const send = preparingSend(wire, 10_000);
    const asked = send({ method: 'POST', path: '/reset' });
    await using after = await smallServer((_, response) => answerJson(response, 204), port);
    expect((await asked).status).toBe(204);
    expect(after.asked).toHaveLength(1);
    wire.close();
  });

  it('say which request, what was answered last, and the limit, when it does not come', async () => {
    await using server = await smallServer((_, response) => answerJson(response, 503, { wait: 'please' }));
    const api = httpApiOf(
      adapter(undefined, { reset: async (_, send) => void (await send({ method: 'POST', path: '/reset' })) }),
    );
    const send = preparingSend(await server.wire(), 300);
    const error = await api.reset(world, send).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(NotPreparedError);
    expect(String(error)).toMatch(/POST \/reset .* 0\.3 s.*answered 503: {"wait":"please"}.*--setup-timeout/);
    expect(server.asked.length).toBeGreaterThan(2);
  });

  it('do not ask again after a 500: it may have happened', async () => {
    await using server = await echo();
    const wire = await server.wire();
    const resets = (catches: boolean) =>
      httpApiOf(
        adapter(undefined, {
          reset: async (_, send) => {
            const sent = send({ method: 'DELETE', path: '/broken' });
            await (catches ? sent.catch(() => null) : sent);
          },
        }),
      ).reset(world, preparingSend(wire, 5_000));
    await expect(resets(false)).rejects.toThrow(/DELETE \/broken was answered 500: {"no":"luck"}/);
    await expect(resets(false)).rejects.toBeInstanceOf(NotPreparedError);
    await resets(true);
    expect(server.asked).toHaveLength(3);
  });

  it('stop asking when the run is over', async () => {
    await using server = await smallServer((_, response) => answerJson(response, 503));
    const wire = await server.wire();
    const asked = preparingSend(wire, 60_000)({ method: 'GET', path: '/' });
    wire.close();
    await expect(asked).rejects.toThrow('the run is over');
  });

  it('that throw are an error of the adapter, in their phase', async () => {
    const throwing = async () => {
      throw new Error('no such account');
    };
    const api = httpApiOf(adapter(undefined, { setup: throwing, reset: throwing }));
    await expect(api.setup([], async () => never())).rejects.toMatchObject({ phase: 'setup' });
    const error = await api.reset(world, async () => never()).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ phase: 'reset', message: expect.stringContaining('no such account') });
    expect(error).toBeInstanceOf(AdapterError);
  });

  it('that never end are an error of the adapter, once the time is over', async () => {
    await expect(withinLimit('setup', -900, () => new Promise(() => undefined))).rejects.toThrow(
      /setup\(\) of the adapter did not end/,
    );
    expect(await withinLimit('reset', 1_000, async () => 7)).toBe(7);
  });
});

function never(): never {
  throw new Error('nothing was to be sent');
}
