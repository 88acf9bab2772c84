/** A real Chromium for tests of pages, which notes all that a page must not do. */
import { existsSync } from 'node:fs';
import { type Browser, chromium, type Page } from 'playwright-core';
import { expect } from 'vitest';
import { MISSION_CONTROL_PATH } from '../../server/contract/index.ts';

export const CHROMIUM = '/usr/bin/chromium';
export const hasChromium = existsSync(CHROMIUM);

export function startChromium(): Promise<Browser> {
  return chromium.launch({
    executablePath: CHROMIUM,
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

/** How many pixels the page is wider than its window. */
export function overflow(page: Page): Promise<number> {
  return page.evaluate<number>('document.documentElement.scrollWidth - window.innerWidth');
}

/** Like expect.poll, with the time that a page may need on a busy machine. */
export function eventually<Value>(read: () => Value | Promise<Value>) {
  return expect.poll(read, { timeout: 20_000 });
}
