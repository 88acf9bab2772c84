/** What is told of a gate: the survey, the note at the start, the proof at the end, a campaign's share, where histories part. */
import { describe, expect, it } from 'vitest';
import { campaignOf } from '../../cli/campaign/campaign-of.ts';
import { campaignJson, campaignText } from '../../cli/output/campaign.ts';
import { forensicText } from '../../cli/output/forensic.ts';
import { createLogLines } from '../../cli/output/log-lines.ts';
import { createSentences } from '../../cli/output/sentences.ts';
import { styleFor } from '../../cli/output/style.ts';
import { surveyLines } from '../../cli/output/survey.ts';
import { summaryText } from '../../cli/output/verdict.ts';
import { closingLines } from '../../cli/run/closing.ts';
import { compareHistories } from '../../cli/run/compare-histories.ts';
import { detailOf } from '../../cli/run/describe-event.ts';
import { classOfParting } from '../../cli/run/parting-class.ts';
import { proofLines } from '../../cli/run/proof.ts';
import type { Frame, Proof, RunEvent, Survey } from '../../server/contract/index.ts';
import { recordedCampaign, recordedCheckpoint } from '../helpers/recorded-campaign.ts';
import { recordedForensic } from '../helpers/recorded-failure.ts';
import { endFrame, recordedRun } from '../helpers/recorded-run.ts';

const PLAIN = styleFor(false);
const EVIL = 'insert\u001b[2J\u0007 into x\nvalues';
const ALIKE: Proof = {
  ...{ executions: 5, identical: 5, trace: '3f2a91', parting: null, renamed: { uuids: 0, timestamps: 0 } },
};
const PARTED: Proof = {
  ...{ executions: 5, identical: 3, trace: '3f2a91', renamed: { uuids: 12, timestamps: 1 } },
  parting: { line: 1_214, first: EVIL, other: 'select 1', class: 'pool order', advice: 'Use --gate-pool 1.' },
};
const ALIKE_LINE = 'replayed 5 of 5 times, identical (trace 3f2a91…)';

const eventOf = (type: string, data: RunEvent['data'], index = 3): RunEvent => ({
  ...{ index, at: '2026-01-01T00:00:00.000Z', virtualMs: index, type, actor: 'city', data },
});
const frameOf = (event: RunEvent): Frame => ({ frame: 'event', data: event }) as Frame;

describe('the proof', () => {
  it('says how often it was the same, or where it first was not, and what to do', () => {
    expect(proofLines({ proof: ALIKE })).toEqual([ALIKE_LINE]);
    const lines = proofLines({ proof: PARTED });
    expect(lines[0]).toBe(
      'replayed 3 of 5 times identical (trace 3f2a91…, 12 UUIDs and 1 timestamp renamed one to one); line 1,214 is the first that differs: pool order',
    );
    expect(lines.slice(2)).toEqual(['  + select 1', '  Use --gate-pool 1.']);
    expect(lines.join('')).not.toMatch(/[\u0000-\u001f]/);
  });

  it.each([
    null,
    {},
    { proof: 5 },
    { proof: { executions: 5 } },
    { proof: { ...ALIKE, executions: 0 } },
    { proof: { ...ALIKE, renamed: null } },
    { proof: { ...ALIKE, parting: {} } },
  ])('is not told of %j', (told) => expect(proofLines(told)).toEqual([]));

  it('stands in the summary, the sentences and the bundle of a FAIL, and at the end of a PASS', () => {
    const fail = recordedRun({ status: 'FAIL', pass: false });
    const end = endFrame(9, 'FAIL').data;
    const closing = { notTested: ['x'], proof: ALIKE };
    expect(summaryText(fail, end, {}, PLAIN, closing)).toContain(`  ${ALIKE_LINE}`);
    const sentences = createSentences(() => 0);
    sentences.start(fail);
    sentences.frame(frameOf(eventOf('end', closing)));
    expect(sentences.verdict(fail, end, PLAIN)).toContain(
      `Replayed 5 of 5 times, identical (trace 3f2a91…).`,
    );
    const bundle = { ...recordedForensic(), proof: PARTED };
    expect(forensicText(bundle, 'FAIL', PLAIN)).toContain('line 1,214 is the first that differs: pool order');
    expect(closingLines(closing)).toEqual(['not tested: x', ALIKE_LINE]);
  });
});

describe('the note of the gate', () => {
  const data = {
    ...{ what: 'gate', service: 'keep', settle: 'silence', pool: 10, background: ['select now()'] },
    ...{ template: { bytes: 8_650_752, how: 'CREATE DATABASE' }, weaker: `threads\u001b[2J unseen` },
  };
  const told =
    'service=keep; settle=silence; pool=10; template 8.3 MiB, CREATE DATABASE; 1 background statement; weaker guarantee: threads␛[2J unseen';

  it('is told as such in lines and in the event log', () => {
    const event = eventOf('note', data);
    expect(createLogLines(PLAIN, () => 0).frame(frameOf(event))).toEqual([
      `${event.at} gate event=3 ${told}`,
    ]);
    expect(detailOf(event)).toBe(`gate: ${told}`);
  });

  it('leaves out what is odd', () => {
    expect(detailOf(eventOf('note', { what: 'gate', service: 5, template: 'x', background: 0 }))).toBe(
      'gate: ',
    );
  });
});

describe('a survey', () => {
  const survey: Survey = {
    ...{ service: 'keep', settle: 'sleep', pool: 10, rules: { keys: false }, learned: { keys: EVIL } },
    ...{ template: { bytes: 900, how: 'CREATE DATABASE' }, cloneMs: 31.4, restartMs: 612, keepMs: 18 },
    ...{
      identical: { executions: 4, same: 4 },
      background: [EVIL, 'b', 'c'],
      backgroundWrites: 1,
      notes: [],
    },
  };

  it('is a few lines, whatever the service says', () => {
    const lines = surveyLines(survey);
    expect(lines.slice(0, 3)).toEqual([
      'template: 900 B, CREATE DATABASE, cloned in 31 ms',
      'each execution: the service stays, and its connections are cut (anew 612 ms, kept 18 ms); 4 of 4 trials were identical',
      'settled: when all threads of the service sleep; its pool has 10 connections',
    ]);
    expect(lines[3]).toMatch(/^nobody asked for: insert.*; b, and 1 more; 1 write, and are held$/);
    expect(lines[4]).toMatch(/^rules: keys=no \(insert/);
    expect(lines).toHaveLength(5);
    expect(lines.join('')).not.toMatch(/[\u0000-\u001f]/);
  });

  it('says what does not serve, and what is weaker', () => {
    const lines = surveyLines({
      ...survey,
      keepMs: null,
      service: 'restart',
      pool: 1,
      notes: ['one', 'two'],
    });
    expect(lines[1]).toContain('the service is started anew (anew 612 ms, it cannot stay)');
    expect(lines[2]).toContain('its pool has 1 connection');
    expect(lines.slice(-2)).toEqual(['one', 'two']);
  });
});

describe('a campaign', () => {
  it('tells the share of failing seeds that were the same again', () => {
    const text = (proved: number, identical: number) =>
      campaignText(recordedCampaign({ proved, identical }), [], PLAIN);
    expect(text(1, 1)).toContain('1 of 1 failing seed executed twice, identical\n');
    expect(text(2, 1)).toMatch(/1 of 2 failing seeds executed twice were identical; .*--verify/);
  });

  it('without a server keeps what starts the service to itself', () => {
    const gate = { url: 'postgres://u:hidden@h/d', schema: null, prepare: null, large: false };
    const checkpoint = recordedCheckpoint({ exec: 'PASSWORD=hidden x', gate });
    const campaign = campaignOf(checkpoint, { isUnderWay: false, shards: 0 });
    expect(JSON.stringify(campaignJson(campaign, []))).not.toContain('hidden');
  });
});

describe('two histories of a gated run', () => {
  const A = '0198c2aa-0000-7000-8000-00000000000a';
  const B = '0198c2aa-0000-7000-8000-00000000000b';
  async function* stream(events: RunEvent[]) {
    yield* events;
  }
  const compare = (left: RunEvent[], right: RunEvent[], isGated = true) =>
    compareHistories(stream(left), stream(right), { around: 2, leftIsPrefix: false, isGated });
  const booked = (index: number, booking: string, at = '2026-05-01T10:00:00Z') =>
    eventOf('book.ok', { booking, at }, index);

  it('are the same when UUIDs and timestamps differ one to one', async () => {
    const [one, other] = [
      [booked(0, `b-${A}`), booked(1, B, '2026-05-01T10:00:01.123Z'), booked(2, A.toUpperCase())],
      [
        booked(0, `b-${B}`, '2027-01-01 09:00:00+02'),
        booked(1, A, '2027-02-01T10:00'),
        booked(2, B, '2027-01-01 09:00:00+02'),
      ],
    ];
    expect(await compare(one, other)).toMatchObject({ parting: null, renamed: { uuids: 2, timestamps: 2 } });
    expect((await compare(one, other, false)).parting?.index).toBe(0);
  });

  it('part where the renaming is not one to one', async () => {
    const { parting } = await compare([booked(0, A), booked(1, A)], [booked(0, A), booked(1, B)]);
    expect(parting).toMatchObject({ index: 1, differences: [{ path: 'data.booking' }] });
  });

  it('are the same whatever was measured of them, and in whatever order a database gives their fields', async () => {
    const [one, other] = [
      [
        eventOf('note', { what: 'gate', template: { bytes: 1 } }, 0),
        eventOf('end', { proof: ALIKE, a: A, b: B }, 1),
      ],
      [eventOf('note', { what: 'gate', template: { bytes: 2 } }, 0), eventOf('end', { b: A, a: B }, 1)],
    ];
    expect((await compare(one, other)).parting).toBe(null);
  });

  it.each([
    [
      "the service's clock or chance",
      [eventOf('read.ok', { free: 1 }, 0)],
      [eventOf('read.ok', { free: 2 }, 0)],
    ],
    [
      "pool order or driver's timer",
      [eventOf('read.ok', { free: 1 }, 0)],
      [eventOf('book.ok', { free: 1 }, 0)],
    ],
    ['a statement more or less', [eventOf('read.ok', {}, 0)], []],
  ])('are told the class of their first difference: %s', async (kind, left, right) => {
    const { parting } = await compare(left, right);
    if (parting === null) throw new Error('They part.');
    expect(classOfParting(parting)).toMatchObject({ class: kind, advice: expect.stringMatching(/\.$/) });
  });
});
