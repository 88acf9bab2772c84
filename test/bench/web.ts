/** Mission control in Chromium: the first content, a run of 10,000 events a second, a history of a million events. */
import type { Browser, Page } from 'playwright-core';
import { MISSION_CONTROL_PATH, type RunEvent } from '../../server/contract/index.ts';
import { openPage, scriptBytes, startChromium } from '../helpers/browser.ts';
import { startTestPostgres, type TestPostgres } from '../helpers/postgres.ts';
import { recordedEvent, recordedMetrics } from '../helpers/recorded-run.ts';
import { FakeHarness, launch, startTestServer } from '../helpers/server.ts';
import { median } from './measure.ts';

const LOADS = 15;
const RATE = 10_000;
const SECONDS = 10;
const LONG = 1_000_000;
const BATCH = 2_000;

export async function bench(): Promise<void> {
  const database = await startTestPostgres();
  const url = await database.createDatabase();
  const server = await startTestServer(url);
  const browser = await startChromium();
  try {
    await firstContent(browser, server.url);
    await script(browser, server.url, database, url);
    await fast(browser, server.url, database, url);
    await long(browser, server.url, database, url);
  } finally {
    await browser.close();
    await server.stop();
    await database.close();
  }
}

/** Beside a page of one line, which shows what the browser itself takes on this machine. */
async function firstContent(browser: Browser, base: string): Promise<void> {
  const shown: Record<string, number[]> = { '/healthz': [], [MISSION_CONTROL_PATH]: [] };
  for (let i = 0; i < LOADS; i++) {
    for (const [path, times] of Object.entries(shown)) {
      const { page } = await openPage(browser, base);
      await page.goto(`${base}${path}`);
      times.push(await page.evaluate<number>(FIRST_CONTENT));
      await page.close();
    }
  }
  for (const [path, times] of Object.entries(shown)) {
    const [lowest, highest] = [Math.min(...times), Math.max(...times)].map(Math.round);
    say(
      `first content of ${path}, an empty cache: ${Math.round(median(times))} ms (${lowest} to ${highest})`,
    );
  }
}

const FIRST_CONTENT = `new Promise((resolve) => {
  new PerformanceObserver((list) => {
    const paint = list.getEntries().find(({ name }) => name === 'first-contentful-paint');
    if (paint) resolve(paint.startTime);
  }).observe({ type: 'paint', buffered: true });
})`;

/** Compressed as it comes, of a page that nothing is kept of. */
async function script(browser: Browser, base: string, database: TestPostgres, url: string): Promise<void> {
  const harness = await started(base, database, url);
  await post(harness, BATCH);
  for (const [name, place, shown] of [
    ['the list', '', 'table.runs'],
    ['a run', `/runs/${harness.runId}`, '.uplot'],
  ] as const) {
    const { page, open } = await openPage(browser, base);
    await open(place);
    await page.locator(shown).first().waitFor();
    say(`script of ${name}: ${Math.round((await scriptBytes(page)) / 1_000)} kB`);
    await page.close();
  }
}

async function fast(browser: Browser, base: string, database: TestPostgres, url: string): Promise<void> {
  const harness = await started(base, database, url);
  const { page, open } = await openPage(browser, base);
  await open(`/runs/${harness.runId}`);
  await post(harness, BATCH);
  await page.locator('.event').first().waitFor();
  await page.evaluate(WATCH_FRAMES);
  const begun = performance.now();
  let sent = 0;
  while (performance.now() - begun < SECONDS * 1_000) {
    const due = ((performance.now() - begun) / 1_000) * RATE;
    if (sent < due) {
      await post(harness, BATCH);
      sent += BATCH;
    } else await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const rate = Math.round(sent / ((performance.now() - begun) / 1_000));
  const { frames, late, longest, heap } = await page.evaluate<Record<string, number>>('watched()');
  say(
    `${rate.toLocaleString('en')} events/s for ${SECONDS} s: ${frames} frames, ${late} over 50 ms, the longest ${longest} ms; heap ${heap} MB`,
  );
  await page.close();
}

/** Runs in the page: times between pictures. */
const WATCH_FRAMES = `{
  const gaps = [];
  let before = performance.now();
  const next = (now) => { gaps.push(now - before); before = now; requestAnimationFrame(next); };
  requestAnimationFrame(next);
  window.watched = () => ({
    frames: gaps.length,
    late: gaps.filter((gap) => gap > 50).length,
    longest: Math.round(Math.max(...gaps)),
    heap: Math.round(performance.memory.usedJSHeapSize / 1e6),
  });
}`;

async function long(browser: Browser, base: string, database: TestPostgres, url: string): Promise<void> {
  const harness = await started(base, database, url);
  while (harness.next < LONG) await post(harness, BATCH);
  const { page, open } = await openPage(browser, base);
  const begun = performance.now();
  await open(`/runs/${harness.runId}?view=replay&at=0`);
  await page.locator('.events [aria-current]').waitFor();
  say(`a history of ${LONG.toLocaleString('en')} events: open at its beginning in ${since(begun)} ms`);
  for (const at of [1_000, LONG / 2, LONG - 10]) {
    const jump = await jumpTo(page, at);
    say(`  to event ${at.toLocaleString('en')}: events in ${jump.events} ms, the city in ${jump.city} ms`);
  }
  await page.close();
}

async function jumpTo(page: Page, at: number): Promise<{ events: number; city: number }> {
  const begun = performance.now();
  await page.getByLabel('To event').fill(String(at));
  await page.keyboard.press('Enter');
  await page.locator('.events [aria-current]', { hasText: String(at) }).waitFor();
  const events = since(begun);
  await page.getByText(`The city after event ${at.toLocaleString('en')}`).waitFor({ timeout: 120_000 });
  return { events, city: since(begun) };
}

async function started(base: string, database: TestPostgres, url: string): Promise<FakeHarness> {
  const run = await launch(base, { target: 'memory', seed: 1, config: { operations: 1_000_000 } });
  const harness = new FakeHarness(base, run.id);
  await harness.claim(database.open(url), 600);
  return harness;
}

async function post(harness: FakeHarness, count: number): Promise<void> {
  const events = Array.from({ length: count }, (_, i): RunEvent => {
    const event = recordedEvent(harness.next + i);
    return event.index === 0 ? { ...event, data: { slots: SLOTS } } : event;
  });
  const snapshots = events
    .filter(({ index }) => index % 10 === 9)
    .map(({ index, at }) => ({ index, at, metrics: recordedMetrics(index) }));
  const live = { metrics: snapshots.at(-1)?.metrics ?? {}, eventsPerSecond: RATE };
  const answer = await harness.post({ events, snapshots, live });
  if (answer.status !== 200) throw new Error(`a batch was answered with ${answer.status}`);
  harness.next += count;
}

const SLOTS = Array.from({ length: 12 }, (_, i) => ({
  id: `slot-${String(i).padStart(3, '0')}`,
  capacity: 20,
  open: true,
}));

const since = (begun: number) => Math.round(performance.now() - begun);
const say = (line: string) => process.stdout.write(`${line}\n`);
