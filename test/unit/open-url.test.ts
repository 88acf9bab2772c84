/** How a page is opened in a browser, and when it is not. */
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openerOf, startOpener } from '../../cli/terminal/open-url.ts';
import { openPage, pageUrl } from '../../cli/tui/open-page.ts';
import { pagePath } from '../../server/contract/paths.ts';

const URL = 'http://127.0.0.1:4600/admin/simcity/mission-control/runs/12';

describe('what opens it', () => {
  test.each([
    ['linux', { DISPLAY: ':0' }, { file: 'xdg-open', args: [URL] }],
    ['linux', { WAYLAND_DISPLAY: 'wayland-0' }, { file: 'xdg-open', args: [URL] }],
    ['linux', {}, null],
    ['linux', { SSH_CONNECTION: '1 2 3 4' }, null],
    ['darwin', {}, { file: 'open', args: [URL] }],
    ['darwin', { SSH_CONNECTION: '1 2 3 4' }, null],
    ['win32', {}, { file: 'rundll32', args: ['url.dll,FileProtocolHandler', URL] }],
    ['linux', { BROWSER: 'firefox --new-tab %s:lynx' }, { file: 'firefox', args: ['--new-tab', URL] }],
    ['linux', { BROWSER: 'helper.sh', SSH_CONNECTION: '1' }, { file: 'helper.sh', args: [URL] }],
    ['linux', { BROWSER: 'none', DISPLAY: ':0' }, null],
  ] as const)('%s with %j', (platform, env, opener) => {
    expect(openerOf(URL, env, platform)).toEqual(opener);
  });
});

describe('opening', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'simcity-open-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  test('hands the URL over as it is, past every shell', async () => {
    const file = join(folder, 'browser');
    writeFileSync(file, `#!/bin/sh\nprintf %s "$1" > '${folder}/opened'\n`);
    chmodSync(file, 0o755);
    const odd = `${URL}?q=$(touch+x)&a='b';c`;
    expect(await startOpener({ file, args: [odd] })).toBe(true);
    expect(readFileSync(join(folder, 'opened'), 'utf8')).toBe(odd);
  });

  test.each([['there-is-no-such-browser'], ['false']])('%s cannot, so the URL is said', async (BROWSER) => {
    const said = await openPage(URL, { BROWSER });
    expect(said).toEqual({
      message: { title: 'The page', texts: [`${BROWSER} could not open it. The page is at`, URL] },
    });
  });
});

test('the URL of a page has no user, password or token of the server', () => {
  expect(pageUrl('http://user:secret@127.0.0.1:4600/?token=t', pagePath(12))).toBe(URL);
  expect(pageUrl('http://127.0.0.1:4600', pagePath(null))).toBe(
    'http://127.0.0.1:4600/admin/simcity/mission-control',
  );
});
