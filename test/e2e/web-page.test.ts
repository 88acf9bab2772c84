/** Mission control in a real browser where it is hard: hostile text, tokens, lost servers, small screens, fast runs. */

import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { FORM_ROWS } from '../../cli/run/launch-form.ts';
import { CHART_KEYS } from '../../cli/web/state/chart-keys.ts';
import { VIEW_KEYS } from '../../cli/web/state/page-keys.ts';
import { REPLAY_KEYS } from '../../cli/web/state/replay-keys.ts';
import { VIEWS } from '../../cli/web/state/route.ts';
import {
  apiPath,
  BUGS,
  ENGINE_GENERATION,
  namesOf,
  type Run,
  type RunEvent,
  SCENARIOS,
  STRATEGIES,
} from '../../server/contract/index.ts';
import { type RunningServer, startServer } from '../../server/server.ts';
import {
  axe,
  eventually,
  HOSTILE,
  hasChromium,
  listen,
  openPage,
  overflow,
  scriptBytes,
  spilling,
  startChromium,
} from '../helpers/browser.ts';
import { silentLog, startTestPostgres, type TestPostgres } from '../helpers/postgres.ts';
import { recordedForensic } from '../helpers/recorded-failure.ts';
import { recordedEvent, recordedMetrics } from '../helpers/recorded-run.ts';
import { call, FakeHarness, launch, startTestServer } from '../helpers/server.ts';

let database: TestPostgres;
let url: string;
let browser: Browser;
const servers: RunningServer[] = [];
beforeAll(async () => {
  if (!hasChromium) return;
  [database, browser] = await Promise.all([startTestPostgres(), startChromium()]);
  url = await database.createDatabase();
});
afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop();
});
afterAll(async () => {
  await browser?.close();
  await database?.close();
});

async function start(port = 0): Promise<RunningServer> {
  const server = await startTestServer(url, port);
  servers.push(server);
  return server;
}

/** A run whose every text is `text`, with a recorded history, that failed unless it is to go on. */
async function recorded(base: string, count: number, ends: boolean, text?: string): Promise<Run> {
  const run = await launch(base, { target: 'memory', seed: 42, campaign: text ?? null });
  const harness = new FakeHarness(base, run.id);
  await harness.claim(database.open(url));
  const events = Array.from({ length: count }, (_, index): RunEvent => {
    const event = recordedEvent(index);
    if (index === count - 1 && ends)
      return { ...event, type: 'end', actor: 'city', data: { status: 'FAIL' } };
    if (text === undefined || index === 0) return event;
    return {
      ...event,
      actor: text,
      type: text.slice(0, 100),
      data: { op: index, slot: text, reason: text, [text]: text },
    };
  });
  const snapshots = events
    .filter(({ index }) => index % 10 === 9)
    .map(({ index, at }) => ({
      index,
      at,
      metrics: { ...recordedMetrics(index), ...(text ? { [text]: 1 } : {}) },
    }));
  const bundle = recordedForensic(
    text === undefined
      ? {}
      : { invariant: text, message: text, object: text, difference: [text], actual: text, reproduce: text },
  );
  const live = { metrics: snapshots.at(-1)?.metrics ?? {}, eventsPerSecond: 5 };
  const end = ends ? { end: { status: 'FAIL', reason: null, failForensic: bundle } } : {};
  const answer = await harness.post({ events, snapshots, live, ...end });
  expect(answer.status).toBe(200);
  return run;
}

async function settled(page: Page): Promise<void> {
  await page.locator('.run-head .badge-fail').waitFor();
  await eventually(() => page.getByText(/^(Reading|Folding|Asking)/).count()).toBe(0);
}

describe.skipIf(!hasChromium)('the page', () => {
  it('shows hostile text as text, in every view and in the list', async () => {
    const server = await start();
    const run = await recorded(server.url, 60, true, HOSTILE.slice(0, 90));
    const { page, wrongs, open } = await openPage(browser, server.url);
    for (const place of ['', ...VIEWS.map((view) => `/runs/${run.id}?view=${view}`)]) {
      await open(place);
      await page.getByText('<img src=x').filter({ visible: true }).first().waitFor();
      expect(await page.locator('main img, main script').count()).toBe(0);
      expect(await page.title()).not.toContain('pwned');
      expect(await page.locator('main').innerText()).not.toContain('\u202e');
    }
    await open(`/runs/${run.id}?view=forensics`);
    await page.getByRole('button', { name: 'Unfold all' }).click();
    expect(await page.locator('main img, main script').count()).toBe(0);
    expect(wrongs).toEqual([]);
    await page.close();
  });

  it('tells which engine executed a run, and shows one of another generation like any', async () => {
    const server = await start();
    const run = await recorded(server.url, 60, true);
    const sql = database.open(url);
    const { page, wrongs, open } = await openPage(browser, server.url);
    for (const [generation, version, told] of [
      [ENGINE_GENERATION, '0.2.0', `generation ${ENGINE_GENERATION}, SimCity 0.2.0`],
      [ENGINE_GENERATION + 1, '9.8.7<b>\u202e', /^generation \d+, SimCity 9\.8\.7<b>[^\u202e]*$/],
      [null, null, 'generation unknown, SimCity before 0.2.0'],
    ] as const) {
      await sql`update simcity_runs set generation = ${generation}, version = ${version} where id = ${run.id}`;
      await open(`/runs/${run.id}?view=replay`);
      await page.getByRole('slider').first().waitFor();
      const engine = page.locator('.facts div', { hasText: 'Engine' }).locator('dd');
      if (typeof told === 'string') expect(await engine.innerText()).toBe(told);
      else expect(await engine.innerText()).toMatch(told);
    }
    expect(wrongs).toEqual([]);
    await page.close();
  });

  it('calls a run by its number, which is its address as well, and finds it by what is typed', async () => {
    const server = await start();
    const asked = { target: 'memory', config: { bug: 'check-then-insert', faults: 'brutal' } } as const;
    const run = await launch(server.url, asked);
    const other = await launch(server.url, { target: 'postgres' });
    const { page, wrongs, open } = await openPage(browser, server.url);
    await open('');
    const named = (name: Run) => page.locator('.runs tbody tr', { hasText: `#${name.number} ` });
    await named(other).waitFor();
    expect(await named(run).innerText()).toMatch(
      /bookings@memory seed \d+\s+bug check-then-insert faults brutal/,
    );
    await page.keyboard.press('/');
    await page.keyboard.type(`#${run.number} bug:check`);
    await named(other).waitFor({ state: 'detached' });
    expect(new URL(page.url()).searchParams.get('q')).toBe(`#${run.number} bug:check`);
    await page.reload();
    await named(run).waitFor();
    expect(await page.getByRole('searchbox').inputValue()).toBe(`#${run.number} bug:check`);
    expect(await page.locator('.runs tbody tr').count()).toBe(1);
    await page.getByRole('searchbox').fill('nothing is like that');
    await page.getByText('No run is like that.').waitFor();
    for (const name of [`${run.number}`, `%23${run.number}`]) {
      await open(`/runs/${name}`);
      await page.locator('.facts', { hasText: `#${run.number}` }).waitFor();
      await eventually(async () => page.url()).toContain(run.id);
    }
    expect(wrongs).toEqual([]);
    await page.close();
  });

  it('has no fault that axe finds, cuts nothing and spills nothing, at four widths, in light and in dark', async () => {
    const server = await start();
    const run = await recorded(server.url, 901, true);
    const going = await recorded(server.url, 500, false);
    const empty = await recorded(server.url, 1, false);
    const queued = await launch(server.url, { target: 'memory', seed: 3 });
    const lives = [going, empty, queued].map(({ id }) => `/runs/${id}?view=live`);
    const places = ['', ...VIEWS.map((view) => `/runs/${run.id}?view=${view}`), ...lives];
    for (const width of [1440, 1024, 900, 390]) {
      const { page, wrongs, open } = await openPage(browser, server.url, { width, height: 900 });
      for (const place of places) {
        await open(place);
        if (place === '') await page.locator('table.runs').waitFor();
        else if (place.includes(run.id)) await settled(page);
        else await page.locator('.run-head').waitFor();
        expect(await overflow(page), `${place} at ${width}`).toBeLessThanOrEqual(0);
        expect(await spilling(page), `${place} at ${width}`).toEqual([]);
        expect(await axe(page), `${place} at ${width}`).toEqual([]);
        await page.emulateMedia({ colorScheme: 'dark' });
        expect(await axe(page, "{ runOnly: ['color-contrast'] }"), `${place} at ${width}, dark`).toEqual([]);
        await page.emulateMedia({ colorScheme: 'light' });
      }
      for (const dialog of ['Launch a run', ...(width > 700 ? ['Keys'] : [])]) {
        await page.getByRole('button', { name: dialog }).click();
        expect(await axe(page), `${dialog} at ${width}`).toEqual([]);
        expect(await overflow(page), `${dialog} at ${width}`).toBeLessThanOrEqual(0);
        await page.keyboard.press('Escape');
      }
      expect(wrongs).toEqual([]);
      await page.close();
    }
  });

  it('loads at most 100 kB of script for the list of runs, and for a run with its charts', async () => {
    const server = await start();
    const run = await recorded(server.url, 60, true);
    for (const [place, shown] of [
      ['', 'table.runs'],
      [`/runs/${run.id}?view=live`, '.uplot'],
    ] as const) {
      const { page, open } = await openPage(browser, server.url);
      await open(place);
      await page.locator(shown).first().waitFor();
      const bytes = await scriptBytes(page);
      expect(bytes, place).toBeGreaterThan(10_000);
      expect(bytes, place).toBeLessThanOrEqual(100_000);
      await page.close();
    }
  });

  it('has one cursor and one zoom for all charts, by mouse, by keys and in the address', async () => {
    const server = await start();
    const run = await recorded(server.url, 901, true);
    const { page, wrongs, open } = await openPage(browser, server.url);
    const address = () => new URL(page.url()).searchParams;
    await open(`/runs/${run.id}?view=replay&at=450`);
    await settled(page);
    const box = await page.locator('.uplot .u-over').first().boundingBox();
    const place = (share: number) =>
      [(box?.x ?? 0) + (box?.width ?? 0) * share, (box?.y ?? 0) + (box?.height ?? 0) / 2] as const;
    await page.mouse.move(...place(0.5));
    await page.locator('.chart-here', { hasText: /^Event 4\d\d at 00:03\.\d+ virtual$/ }).waitFor();
    await page.getByRole('heading', { name: /^Metrics at event 4\d\d$/ }).waitFor();
    const cursors = await page.evaluate<number[]>(
      "[...document.querySelectorAll('.u-cursor-x')].map((each) => Math.round(new DOMMatrix(getComputedStyle(each).transform).e))",
    );
    expect(cursors).toHaveLength(4);
    expect(new Set(cursors).size).toBe(1);

    const dragged = async () => {
      await page.mouse.move(...place(0.25));
      await page.mouse.down();
      await page.mouse.move(...place(0.75), { steps: 4 });
      await page.mouse.up();
    };
    await dragged();
    await page.getByText(/^Events 2\d\d to 6\d\d of 900, a point every 10$/).waitFor();
    const zoom = address().get('zoom') ?? '';
    expect(zoom).toMatch(/^2\d\d-6\d\d$/);
    expect(address().get('at')).toBe('450');
    await page.reload();
    await page.getByText(/^Events 2\d\d to 6\d\d of 900, a point every 10$/).waitFor();
    await settled(page);
    // A wheel is for the page, and a click for the scrubber.
    await page.mouse.move(...place(0.5));
    await page.mouse.wheel(0, 200);
    await eventually(() => page.evaluate<number>('scrollY')).toBeGreaterThan(0);
    expect(address().get('zoom')).toBe(zoom);
    await page.evaluate('scrollTo(0, 0)');
    await page.mouse.click(...place(0.99));
    await eventually(() => page.locator('.scrubber-place').innerText()).toMatch(/^Event 6\d\d/);
    expect(address().get('zoom')).toBe(zoom);
    // What is shown goes along with the scrubber.
    await page.keyboard.press('End');
    await page.getByText(/^Events \d+ to 900 of 900/).waitFor();
    await page.mouse.dblclick(...place(0.5));
    await page.getByText('Drag over a chart to zoom in.').waitFor();
    expect(address().get('zoom')).toBeNull();
    await page.keyboard.press('z');
    await page.getByText(/^Events \d+ to \d+ of 900/).waitFor();
    await page.keyboard.press('0');
    await page.getByText('Drag over a chart to zoom in.').waitFor();
    expect(wrongs).toEqual([]);
    await page.close();
  });

  it('hears the keys of the terminal, tells them all, and leaves those to the browser that are its own', async () => {
    const server = await start();
    const run = await recorded(server.url, 60, true);
    const going = await recorded(server.url, 60, false);
    const { page, wrongs, open } = await openPage(browser, server.url);
    const view = () => new URL(page.url()).searchParams.get('view') ?? 'live';
    await open(`/runs/${run.id}?view=live`);
    await settled(page);
    await page.keyboard.press('?');
    const help = page.getByRole('dialog', { name: 'Keys' });
    await help.waitFor();
    const sentences = [...VIEW_KEYS, ...REPLAY_KEYS, ...CHART_KEYS].map(({ help: sentence }) => sentence);
    expect(await help.locator('dd').allInnerTexts()).toEqual(expect.arrayContaining(sentences));
    // Under a dialog nothing else hears them.
    await page.keyboard.press('5');
    await page.keyboard.press('?');
    await help.waitFor({ state: 'detached' });
    expect(view()).toBe('live');
    for (const [key, opened] of [
      ['5', 'checks'],
      ['3', 'forensics'],
      ['4', 'replay'],
    ] as const) {
      await page.keyboard.press(key);
      expect(view()).toBe(opened);
    }
    await page.getByLabel('To event').waitFor();
    await page.keyboard.press('Control+5');
    await page.keyboard.press(':');
    await eventually(() => page.evaluate<string>('document.activeElement?.tagName ?? ""')).toBe('INPUT');
    await page.keyboard.press('1');
    expect(await page.getByLabel('To event').inputValue()).toBe('1');
    expect(view()).toBe('replay');

    await open(`/runs/${going.id}?view=live`);
    await page.locator('.run-head .badge-running').waitFor();
    await page.keyboard.press(' ');
    await page.getByRole('button', { name: 'Paused: go on' }).waitFor();
    await page.keyboard.press('s');
    await page.getByRole('dialog', { name: 'Stop this run?' }).waitFor();
    await page.keyboard.press('Escape');
    await page.keyboard.press('6');
    await page.getByRole('heading', { name: 'Runs' }).waitFor();
    await page.locator('table.runs .run-name > a').first().waitFor();
    await page.keyboard.press('j');
    await page.keyboard.press('Enter');
    await page.locator('.run-head').waitFor();
    expect(wrongs).toEqual([]);
    await page.close();
  });

  it('says that a run is queued, that one is not known, and that the server is lost, and finds it again', async () => {
    const server = await start();
    const { page, wrongs, open } = await openPage(browser, server.url);
    await open('/runs/ffffffff-ffff-7fff-8fff-ffffffffffff');
    await page.getByRole('heading', { name: 'No such run' }).waitFor();
    const run = await launch(server.url, { target: 'memory', seed: 3 });
    await open(`/runs/${run.id}`);
    await page.getByText('Queued: waiting for a runner').waitFor();
    const said = await listen(page);
    const harness = new FakeHarness(server.url, run.id);
    await harness.claim(database.open(url), 300);
    await harness.send(20);
    await page.locator('.event', { hasText: '19' }).first().waitFor();

    servers.splice(servers.indexOf(server), 1);
    await server.stop();
    await page.getByText('lost, trying again').waitFor();
    await eventually(said).toContain('The server does not answer. Trying again.');
    await start(Number(new URL(server.url).port));
    await harness.send(20);
    await page.locator('.event', { hasText: '39' }).first().waitFor();
    await eventually(said).toContain('The server answers again.');
    expect(wrongs).toEqual([]);
    await page.close();
  });

  it('says of charts whose script does not come that they are not there', async () => {
    const server = await start();
    const run = await recorded(server.url, 60, true);
    const { page, wrongs, open } = await openPage(browser, server.url);
    await page.route('**/chart-plot-*.js', (route) => route.abort());
    await open(`/runs/${run.id}?view=live`);
    await page.getByText('This chart could not be loaded. Reload the page.').first().waitFor();
    expect(await axe(page)).toEqual([]);
    expect(await overflow(page)).toBeLessThanOrEqual(0);
    expect(wrongs).toEqual([]);
    await page.close();
  });

  it('leaves it to the browser to come back to a stream that ended, when the server said', async () => {
    const server = await start();
    const run = await launch(server.url, { target: 'memory', seed: 3 });
    const harness = new FakeHarness(server.url, run.id);
    await harness.claim(database.open(url), 300);
    await harness.send(20);
    const { page, wrongs, open } = await openPage(browser, server.url);
    const heartbeat = { status: 'RUNNING', eventIndex: 19, metrics: {}, eventsPerSecond: 0 };
    const data = JSON.stringify({ ...heartbeat, heartbeatAt: null, at: new Date().toISOString() });
    const asked: { url: string; atMs: number }[] = [];
    await page.route('**/stream?*', (route) => {
      asked.push({ url: route.request().url(), atMs: performance.now() });
      if (asked.length > 1) return route.continue();
      const body = `retry: 1800\n\nevent: heartbeat\nid: 4\ndata: ${data}\n\n`;
      return route.fulfill({ status: 200, contentType: 'text/event-stream', body });
    });
    await open(`/runs/${run.id}`);
    await page.getByText('lost, trying again (1)').waitFor();
    await page.locator('.event', { hasText: '19' }).first().waitFor();
    await page.getByText('♥').waitFor();
    const [first, second] = asked;
    expect((second?.atMs ?? 0) - (first?.atMs ?? 0)).toBeGreaterThan(1_750);
    // The page itself would name the last id in the query; the browser sends it as a header.
    expect(second?.url).toBe(first?.url);
    expect(wrongs).toEqual([]);
    await page.close();
  });

  it('asks for a token where tokens are on, and lets in, and only to look, who has one', async () => {
    const tokens = [
      { name: 'looker', scopes: ['read' as const], secret: 'a-secret-for-looking' },
      { name: 'doer', scopes: ['read' as const, 'control' as const], secret: 'a-secret-for-doing' },
    ];
    const config = { databaseUrl: url, host: '127.0.0.1', port: 0, allowedHosts: [], access: { tokens } };
    const server = await startServer(config, silentLog);
    servers.push(server);
    const { page, wrongs, open } = await openPage(browser, server.url);
    const signIn = async (secret: string) => {
      await page.getByLabel('Token').fill(secret);
      await page.getByRole('button', { name: 'Sign in' }).click();
    };
    await open();
    await signIn('not-a-token-of-anybody');
    await page.getByText('The token is unknown, expired or revoked.').waitFor();
    await signIn('a-secret-for-looking');
    await page.getByRole('heading', { name: 'Runs' }).waitFor();
    await page.getByText('read only').waitFor();
    const cookie = (await page.context().cookies()).find(({ name }) => name === 'simcity_session');
    expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'Strict' });
    expect(await page.evaluate<unknown>('document.cookie + JSON.stringify(localStorage)')).toBe('{}');
    await page.getByRole('button', { name: 'Sign out' }).click();
    await signIn('a-secret-for-doing');
    await page.getByRole('button', { name: 'Launch a run' }).click();
    await page.getByLabel('Target').fill('memory');
    await page.getByRole('button', { name: 'Launch', exact: true }).click();
    // The stream comes with the cookie.
    await page.getByText('Queued: waiting for a runner').waitFor();
    await page.getByRole('button', { name: 'Stop…' }).click();
    await page.getByRole('button', { name: 'Stop the run' }).click();
    await page.locator('.run-head .badge-stopped').waitFor();
    expect(wrongs).toEqual([]);
    await page.close();
  });

  it('launches by a form with every name there is, which refuses what no run can be', async () => {
    const server = await start();
    const { page, wrongs, open } = await openPage(browser, server.url);
    const posted: unknown[] = [];
    page.on('request', (request) => request.method() === 'POST' && posted.push(request.postDataJSON()));
    await open();
    await page.getByRole('button', { name: 'Launch a run' }).click();
    const options = (label: string) =>
      page.getByLabel(label, { exact: true }).locator('option').allTextContents();
    await page.getByText('More settings').click();
    expect(await options('Strategy')).toEqual(namesOf(STRATEGIES));
    expect(await options('Scenario')).toEqual(namesOf(SCENARIOS));
    const bugsOf = (name: string) => namesOf(BUGS.filter(({ scenario }) => scenario === name));
    expect(await options('Known bug')).toEqual(['none', ...bugsOf('bookings')]);
    await page.getByLabel('Scenario').selectOption('transfers');
    expect(await options('Known bug')).toEqual(['none', ...bugsOf('transfers')]);
    await page.getByLabel('Known bug').selectOption('torn-statement');
    await page.getByText('A statement reads one account after the other').waitFor();
    for (const [, { label }] of FORM_ROWS) await page.getByLabel(label, { exact: true }).waitFor();

    // A bug of transfers is none of bookings, and none of a service.
    const submit = () => page.getByRole('button', { name: 'Launch', exact: true }).click();
    await page.getByLabel('Scenario').selectOption('bookings');
    await submit();
    await page.getByRole('alert').getByText('bookings has no bug "torn-statement"').waitFor();
    expect(await page.getByLabel('Known bug').getAttribute('aria-invalid')).toBe('true');
    await page.getByLabel('Known bug').selectOption('lost-cancel');
    await page.getByLabel('Target').fill('http://127.0.0.1:9');
    await submit();
    await page.getByRole('alert').getByText('cannot be planted in http://127.0.0.1:9').waitFor();
    await page.getByLabel('Target').fill('memry');
    await submit();
    await page.getByRole('alert').getByText('Did you mean memory?').waitFor();
    expect(await axe(page), 'the form with what is wrong').toEqual([]);
    expect(posted).toEqual([]);

    await page.getByLabel('Target').fill('memory');
    await page.getByLabel('Strategy').selectOption('rivals');
    await page.getByLabel('Fault rates').fill('delay=0.5, crash=0');
    await page.getByLabel('Duration').fill('30s');
    await submit();
    await page.getByText('Queued: waiting for a runner').waitFor();
    expect(posted).toEqual([
      {
        scenario: 'bookings',
        target: 'memory',
        config: {
          ...{ bug: 'lost-cancel', strategy: 'rivals', faultRates: { delay: 0.5, crash: 0 } },
          ...{ durationSeconds: 30, operations: 100_000_000 },
        },
      },
    ]);
    expect(wrongs).toEqual([]);
    await page.close();
  });

  it('keeps few lines of a fast run, has one stream open, and none after leaving the run', async () => {
    const server = await start();
    const run = await launch(server.url, { target: 'memory', seed: 5 });
    const harness = new FakeHarness(server.url, run.id);
    await harness.claim(database.open(url), 300);
    const { page, wrongs, open } = await openPage(browser, server.url);
    const streams = async () => {
      const text = await (await fetch(`${server.url}/metrics`)).text();
      return Number(/^simcity_stream_subscribers (\d+)/m.exec(text)?.[1]);
    };
    await open(`/runs/${run.id}`);
    for (let i = 0; i < 10; i++) await harness.send(2_000);
    await page.locator('.event', { hasText: '19999' }).first().waitFor();
    expect(await page.locator('.event').count()).toBeLessThanOrEqual(60);
    await eventually(streams).toBe(1);
    await page.getByRole('link', { name: 'SIMCITY' }).click();
    await page.getByRole('heading', { name: 'Runs' }).waitFor();
    await eventually(streams).toBe(0);
    await call(server.url, 'POST', apiPath.stop(run.id));
    expect(wrongs).toEqual([]);
    await page.close();
  });
});
