/** A claimant: how many seeds it asks for, which code it has, and what it says of campaigns that it may not execute. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { workForCampaigns } from '../../cli/campaign/claimant.ts';
import { codeHash } from '../../cli/campaign/code.ts';
import { followCampaign } from '../../cli/campaign/follow.ts';
import { Pace } from '../../cli/campaign/pace.ts';
import type { CampaignReporter } from '../../cli/campaign/reporter.ts';
import { NO_CODE } from '../../cli/campaign/session.ts';
import type { CampaignStore } from '../../cli/campaign/store.ts';
import { workForSession } from '../../cli/campaign/work-session.ts';
import type { Api } from '../../cli/client/api.ts';
import type { Context } from '../../cli/process/context.ts';
import { CliError } from '../../cli/process/errors.ts';
import type { ClaimedWork } from '../../server/contract/index.ts';
import { recordedCampaign } from '../helpers/recorded-campaign.ts';

describe('the pace of a claimant', () => {
  it('begins with few seeds, grows step by step, and comes to what takes the time of a shard', () => {
    const pace = new Pace(2, 15);
    const asked: number[] = [];
    for (let i = 0; i < 6; i++) {
      asked.push(pace.seeds);
      pace.took(pace.seeds, pace.seeds / 1_000);
    }
    expect(asked).toEqual([16, 128, 1_024, 8_192, 15_000, 15_000]);
    pace.took(10, 100);
    expect(pace.seeds).toBe(1);
    pace.took(0, 100);
    expect(pace.seeds).toBe(1);
  });
});

describe('the code of a claimant', () => {
  let one: string;
  let two: string;
  beforeEach(() => {
    one = mkdtempSync(join(tmpdir(), 'simcity-code-'));
    two = mkdtempSync(join(tmpdir(), 'simcity-code-'));
    for (const folder of [one, two]) {
      writeFileSync(join(folder, 'server.js'), 'console.log(1)');
      writeFileSync(join(folder, 'adapter.ts'), 'export {}');
    }
  });
  afterEach(() => {
    for (const folder of [one, two]) rmSync(folder, { recursive: true });
  });

  const hash = (folder: string, exec = 'PORT=1 node server.js', url: string | null = null) =>
    codeHash(folder, {
      modules: { target: null, scenario: null, adapter: join(folder, 'adapter.ts') },
      exec,
      gate: { url, schema: null, prepare: null, large: false },
    });

  it('is the same wherever its contents are, and the database of the gate is another', () => {
    expect(hash(one)).toBe(hash(two));
    expect(hash(one, undefined, 'postgres://a/b')).toBe(hash(two, undefined, 'postgres://c/d'));
    expect(codeHash(one, NO_CODE)).toBeNull();
  });

  it('is another with another command, or other contents of a file that is named', () => {
    const before = hash(one);
    expect(hash(one, 'PORT=2 node server.js')).not.toBe(before);
    writeFileSync(join(one, 'server.js'), 'console.log(2)');
    expect(hash(one)).not.toBe(before);
    writeFileSync(join(two, 'adapter.ts'), 'export const x = 1;');
    expect(hash(two)).not.toBe(before);
  });
});

describe('a claimant', () => {
  /** Answers of the server to its claims, until there is no more work. */
  async function said(answers: (ClaimedWork | Error)[]): Promise<string[]> {
    const lines: string[] = [];
    const claim = async () => {
      const next = answers.shift() ?? { work: null, refused: [], isOver: true };
      if (next instanceof Error) throw next;
      return next;
    };
    const left = new AbortController().signal;
    const options = {
      ...{ ownFor: () => NO_CODE, parallel: 1, isOwners: false, lookEveryMs: 1, afterErrorMs: 1 },
      ...{ targetUrl: async () => null, record: async () => {}, say: (text: string) => lines.push(text) },
      store: { renewEveryMs: 1, claim } as unknown as CampaignStore,
    };
    await workForCampaigns({ leaving: left } as Context, options, left);
    return lines;
  }

  it('says once, by name and with what to do, which campaigns it may not execute', async () => {
    const refused: ClaimedWork['refused'] = [
      { campaign: 'nightly', why: 'build', generation: 1, version: '0.0.9' },
      { campaign: 'ours', why: 'code', generation: 2, version: '0.2.0' },
    ];
    const lines = await said([1, 2, 3].map(() => ({ work: null, refused, isOver: false })));
    expect(lines).toEqual([
      expect.stringMatching(/campaign nightly is not executed here: .*SimCity 0\.0\.9.*Use the same build/),
      expect.stringMatching(/campaign ours is not executed here: .*Give the same --exec/),
    ]);
  });

  it('goes on when the server was away, and says so once', async () => {
    const away = () => new CliError('cannot reach it', { exitCode: 4 });
    expect(await said([away(), away()])).toEqual(['no work of campaigns could be claimed: cannot reach it']);
  });

  it('of a campaign of a server knows that server though another records what is found', async () => {
    const store = {
      renewEveryMs: 1,
      campaign: async () => recordedCampaign({ state: 'done' }),
      claim: async () => ({ work: null, refused: [], isOver: true }),
    } as unknown as CampaignStore;
    const api = {} as Api;
    const session = {
      ...{ name: 'hunt', store, own: NO_CODE, isOwners: false, isServed: true, close: async () => {} },
      connect: async () => ({ api, hosted: null }),
    };
    const reached: Api[] = [];
    const reporter: CampaignReporter = {
      ...{ say() {}, stands() {}, progress() {}, found() {}, clear() {}, away() {} },
      connected: (to) => reached.push(to),
    };
    const stopping = { onStop: () => () => {}, stop() {} };
    await workForSession({ leaving: new AbortController().signal } as Context, {
      ...{ session, flags: { parallel: 1 }, reporter, stopping },
    });
    expect(reached).toEqual([api]);
  });

  it('is followed while its server is away: that is told, and how it stood is not told as news', async () => {
    const campaigns = [
      recordedCampaign({ seedsThrough: 1 }),
      new CliError('cannot reach it.', { exitCode: 4 }),
      new CliError('cannot reach it.', { exitCode: 4 }),
      recordedCampaign({ state: 'done', seedsThrough: 60 }),
    ];
    const store = {
      renewEveryMs: 1,
      async campaign() {
        const next = campaigns.shift();
        if (next instanceof CliError) throw next;
        return next ?? null;
      },
    };
    const told: string[] = [];
    const reporter: CampaignReporter = {
      ...{ say() {}, progress() {}, found() {}, clear() {} },
      stands: ({ seedsThrough }) => told.push(`${seedsThrough} through`),
      away: (why) => told.push(why),
    };
    const last = await followCampaign(store, 'hunt', {
      ...{ reporter, known: [], left: new AbortController().signal },
    });
    expect(last.state).toBe('done');
    expect(told).toEqual(['1 through', 'cannot reach it.', 'cannot reach it.', '60 through']);
  });
});
