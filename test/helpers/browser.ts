/** A real Chromium for tests of pages, which notes all that a page must not do. */
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { type Browser, chromium, type Page } from 'playwright-core';
import { expect } from 'vitest';
import { MISSION_CONTROL_PATH } from '../../server/contract/index.ts';

/** The first is the same without windows: a page takes half the time. */
const CHROMIUM = ['/usr/bin/chromium-headless-shell', '/usr/bin/chromium'].find(existsSync);
export const hasChromium = CHROMIUM !== undefined;

export function startChromium(): Promise<Browser> {
  return chromium.launch({
    executablePath: CHROMIUM as string,
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update'],
  });
}

export interface PageOptions {
  width?: number;
  height?: number;
  scheme?: 'light' | 'dark';
}

export interface WatchedPage {
  page: Page;
  /** Violations of the Content-Security-Policy, errors of scripts, dialogs, requests to other hosts. */
  wrongs: string[];
  /** Opens a place of mission control, such as `/runs/latest`. */
  open(place?: string): Promise<void>;
}

/** A page in a context of its own: no cookies of others. */
export async function openPage(
  browser: Browser,
  base: string,
  { width = 1280, height = 800, scheme = 'light' }: PageOptions = {},
): Promise<WatchedPage> {
  const page = await browser.newPage({ viewport: { width, height }, colorScheme: scheme });
  const wrongs: string[] = [];
  await page.addInitScript(`document.addEventListener('securitypolicyviolation', (event) => {
    console.error('CSP: ' + event.violatedDirective + ' ' + event.blockedURI);
  })`);
  page.on('pageerror', (error) => wrongs.push(`error: ${error.message}`));
  page.on('console', (message) => {
    // Chromium itself notes each answer that is no 2xx; those are asked for.
    const isAnswer = message.text().startsWith('Failed to load resource');
    if (message.type() === 'error' && !isAnswer) wrongs.push(message.text());
  });
  page.on('dialog', (dialog) => {
    wrongs.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on('request', (request) => {
    const url = request.url();
    if (!url.startsWith(base) && !/^(data|blob):/.test(url)) wrongs.push(`request to ${url}`);
  });
  return {
    page,
    wrongs,
    open: async (place = '') => {
      await page.goto(`${base}${MISSION_CONTROL_PATH}${place}`);
    },
  };
}

/** A text that would do something if a page took it for markup. */
export const HOSTILE = '<img src=x onerror="document.title=\'pwned\'"><script>alert(1)</script>\u202e{{7*7}}';

/** Keeps all that a screen reader is told from now on; returns what reads it, joined. */
export async function listen(page: Page): Promise<() => Promise<string>> {
  await page.evaluate(`window.said = [];
    const region = document.getElementById('announcer');
    new MutationObserver(() => said.push(region.textContent)).observe(region, { childList: true });`);
  return () => page.evaluate<string>('said.join()');
}

/** What axe finds, in short. `options`: of axe, as JavaScript. */
export async function axe(page: Page, options = ''): Promise<string[]> {
  if (!(await page.evaluate<boolean>("'axe' in window")))
    await page.evaluate(readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8'));
  const found = await page.evaluate<{ id: string; nodes: { html: string; failureSummary: string }[] }[]>(
    `axe.run(${options}).then(({ violations }) => violations)`,
  );
  return found.map(({ id, nodes }) => `${id}: ${nodes[0]?.html} ${nodes[0]?.failureSummary}`);
}

/** How many pixels the page is wider than its window. */
export function overflow(page: Page): Promise<number> {
  return page.evaluate<number>('document.documentElement.scrollWidth - window.innerWidth');
}

/** Bytes of all scripts that the page has loaded, compressed as they came. */
export function scriptBytes(page: Page): Promise<number> {
  return page.evaluate<number>(
    "performance.getEntriesByType('resource').filter(({ name }) => name.endsWith('.js')).reduce((sum, each) => sum + each.encodedBodySize, 0)",
  );
}

/** What is wider than its panel or the window, but for what scrolls or is cut with an ellipsis on purpose. */
export function spilling(page: Page): Promise<string[]> {
  return page.evaluate<string[]>(`[...document.querySelectorAll('body *')].flatMap((each) => {
    const { left, right, width } = each.getBoundingClientRect();
    if (width <= 1 || each.closest('.visually-hidden, .skip')) return [];
    const style = getComputedStyle(each);
    const isCut = style.overflowX === 'hidden' && style.textOverflow !== 'ellipsis' && each.scrollWidth > each.clientWidth + 1;
    let above = each.parentElement;
    while (above && getComputedStyle(above).overflowX === 'visible') above = above.parentElement;
    const edge = each.parentElement.closest('.panel')?.getBoundingClientRect().right ?? innerWidth;
    const spills = above === null && (right > edge + 1 || left < -1);
    return spills || isCut ? [each.tagName + ' ' + each.getAttribute('class') + ': ' + each.textContent.slice(0, 40)] : [];
  })`);
}

/** Like expect.poll, with the time that a page may need on a busy machine. */
export function eventually<Value>(read: () => Value | Promise<Value>) {
  return expect.poll(read, { timeout: 20_000 });
}
