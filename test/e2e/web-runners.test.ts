/** The page of runners, and the runners of a campaign on its page, in a real browser. */
import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { createApi } from '../../cli/client/api.ts';
import { axe, HOSTILE, hasChromium, openPage, overflow } from '../helpers/browser.ts';
import { pageWorld } from '../helpers/page-world.ts';
import { recordedClaim, recordedStart } from '../helpers/recorded-campaign.ts';

const world = pageWorld();
const rowOf = (page: Page, name: string) => page.locator('table.runners tbody tr', { hasText: name });

describe.skipIf(!hasChromium)('runners in the browser', () => {
  it('are there as they claim, told by what they do, and marked once they are silent with work of theirs', async () => {
    const { page, wrongs, open } = await openPage(world.browser, world.server.url);
    await open('');
    await page.getByRole('link', { name: 'Runners', exact: true }).click();
    await page.getByRole('heading', { name: 'No runner yet' }).waitFor();
    expect(await axe(page)).toEqual([]);

    const api = createApi({ url: world.server.url, token: undefined });
    const text = HOSTILE.slice(0, 90);
    const claim = { runner: `farm ${text}`, host: text, version: text, labels: ['pg18'] };
    await api.startCampaign(recordedStart('farmed', { seeds: [[1, 100]] }));
    await api.claimWork(recordedClaim({ ...claim, campaign: 'farmed' }));
    await api.startCampaign(recordedStart('left', { seeds: [[1, 100]] }));
    await api.claimWork(recordedClaim({ runner: 'silent', campaign: 'left' }));
    await api.claimWork(recordedClaim({ runner: 'gone', campaign: 'nothing' }));
    await world.sql()`
      update simcity_runners set seen_at = clock_timestamp() - interval '20 minutes'
      where name in ('silent', 'gone')`;
    await rowOf(page, 'farm').getByText('shard 1 of').waitFor();
    expect(await rowOf(page, 'farm').innerText()).toContain('pg18');
    await rowOf(page, 'silent').locator('.warned').waitFor();
    expect(await rowOf(page, 'silent').innerText()).toMatch(/shard 1 of left\s+20 min \d\d s ago\s+silent/);
    expect(await rowOf(page, 'gone').innerText()).toMatch(/is gone\s+20 min \d\d s ago/);
    expect(await rowOf(page, 'gone').locator('.warned').count()).toBe(0);
    expect(await page.locator('main img, main script').count()).toBe(0);
    expect(await page.locator('main').innerText()).not.toContain('\u202e');

    await rowOf(page, 'farm').getByRole('link', { name: 'farmed' }).click();
    await page.getByRole('heading', { name: 'Campaign farmed' }).waitFor();
    await page.getByText('1 runner', { exact: true }).waitFor();
    expect(await rowOf(page, 'farm').count()).toBe(1);
    expect(await rowOf(page, 'gone').count()).toBe(0);
    expect(await page.locator('main img, main script').count()).toBe(0);
    for (const width of [390, 1_280]) {
      await page.setViewportSize({ width, height: 900 });
      for (const place of ['Campaigns', 'Runners']) {
        expect(await axe(page), `${place} at ${width}`).toEqual([]);
        expect(await overflow(page), `${place} at ${width}`).toBeLessThanOrEqual(0);
        await page.getByRole('link', { name: place, exact: true }).click();
        await page.getByRole('heading', { name: place, exact: true }).waitFor();
      }
    }
    expect(wrongs).toEqual([]);
    await page.close();
  });
});
