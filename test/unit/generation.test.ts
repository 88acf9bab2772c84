/** The words about generations of the engine, and what is refused for them. */
import { describe, expect, test } from 'vitest';
import {
  executedElsewhereBy,
  refuseOtherCampaign,
  refuseOtherGeneration,
  refuseOtherRecord,
} from '../../cli/hosting/generation.ts';
import { createLogLines } from '../../cli/output/log-lines.ts';
import { commandsFor } from '../../cli/output/report/data.ts';
import { createSentences } from '../../cli/output/sentences.ts';
import { settingsText } from '../../cli/output/settings.ts';
import { styleFor } from '../../cli/output/style.ts';
import { VERSION } from '../../cli/process/version.ts';
import { engineTextOf, versionsOf } from '../../cli/run/engine-text.ts';
import { settingEntries } from '../../cli/run/setting-entries.ts';
import { ENGINE_GENERATION, otherGeneration, type RunEvent } from '../../server/contract/index.ts';
import { recordedForensic } from '../helpers/recorded-failure.ts';
import { RUN_ID, recordedEvent, recordedRun } from '../helpers/recorded-run.ts';

const OWN = { generation: ENGINE_GENERATION, version: 'whatever' };
const OTHER = { generation: ENGINE_GENERATION + 6, version: '9.8.7' };
const OLDER = { generation: null, version: null };
const HOSTILE = { generation: ENGINE_GENERATION + 6, version: '\u001b[2J9' };

/** The error that it throws, with its hint and its exit code. */
function thrown(work: () => void): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  return null;
}

describe('a seed may be executed again', () => {
  test('by the generation that executed it, whatever the version', () => {
    expect(otherGeneration(OWN, '0.3.0')).toBeNull();
    expect(thrown(() => refuseOtherGeneration(recordedRun(OWN)))).toBeNull();
    expect(
      thrown(() => refuseOtherCampaign({ name: 'c', generation: ENGINE_GENERATION, simcity: '' })),
    ).toBeNull();
    expect(executedElsewhereBy(recordedRun(OWN))).toBeNull();
  });

  test('by no other: the sentence names both, and the version to use', () => {
    const here = `this is generation ${ENGINE_GENERATION} (0.3.0)`;
    expect(otherGeneration(OTHER, '0.3.0')).toBe(
      `was executed by generation ${OTHER.generation} of the engine (SimCity 9.8.7); ${here}: a seed means something else here`,
    );
    expect(otherGeneration({ ...OTHER, version: null }, '0.3.0')).toContain(
      '(a SimCity of an unknown version)',
    );
    expect(otherGeneration(OLDER, '0.3.0')).toBe(
      `was executed by a SimCity before 0.2.0, which stored neither its version nor the generation of its engine; ${here}: a seed may mean something else here`,
    );
    expect(thrown(() => refuseOtherGeneration(recordedRun(OTHER)))).toMatchObject({
      exitCode: 2,
      message: `run #12 ${otherGeneration(OTHER, VERSION)}.`,
      hint: 'Replay it with SimCity 9.8.7.',
    });
    expect(thrown(() => refuseOtherGeneration(recordedRun(OLDER)))).toMatchObject({
      exitCode: 2,
      hint: expect.stringContaining(`simcity events 12 --limit 1`),
    });
  });

  test('never when it was not executed at all', () => {
    const queued = recordedRun({ ...OLDER, runner: null, startedAt: null, status: 'STOPPED' });
    expect(thrown(() => refuseOtherGeneration(queued))).toMatchObject({
      exitCode: 2,
      message: expect.stringContaining('was never executed'),
    });
    expect(thrown(() => refuseOtherRecord(queued))).toBeNull();
    expect(executedElsewhereBy(queued)).toBeNull();
  });

  test('in a campaign: of its own generation, recorded by a runner of it', () => {
    expect(
      thrown(() => refuseOtherCampaign({ name: 'hunt', generation: OTHER.generation, simcity: '9.8.7' })),
    ).toMatchObject({
      exitCode: 2,
      message: `campaign hunt ${otherGeneration(OTHER, VERSION)}.`,
      hint: 'Go on with it by SimCity 9.8.7, or start a new one with another --name.',
    });
    expect(
      thrown(() => refuseOtherCampaign({ name: 'hunt', generation: null, simcity: null })),
    ).toMatchObject({
      exitCode: 2,
      hint: 'Go on with it by the SimCity that executed it (before 0.2.0), or start a new one with another --name.',
    });
    expect(thrown(() => refuseOtherRecord(recordedRun(OTHER)))).toMatchObject({ exitCode: 2 });
    expect(thrown(() => refuseOtherRecord(recordedRun(OWN)))).toBeNull();
  });

  test('and a version of foreign origin is shown, never obeyed', () => {
    const error = thrown(() => refuseOtherGeneration(recordedRun(HOSTILE)));
    expect(error).toMatchObject({
      message: expect.stringContaining('␛[2J9'),
      hint: 'Replay it with SimCity ␛[2J9.',
    });
    expect(engineTextOf(recordedRun(HOSTILE))?.version).toBe('␛[2J9');
    expect(settingsText(recordedRun(HOSTILE))).not.toContain('\u001b');
  });
});

describe('the settings', () => {
  const engineIn = (changes: Parameters<typeof recordedRun>[0]) =>
    settingEntries(recordedRun(changes)).filter(([name]) => name === 'generation' || name === 'version');

  test('tells the engine beside the seed, as far as it is known', () => {
    const names = settingEntries(recordedRun()).map(([name]) => name);
    expect(names.slice(2, 5)).toEqual(['seed', 'generation', 'version']);
    expect(engineIn(OTHER)).toEqual([
      ['generation', String(OTHER.generation)],
      ['version', '9.8.7'],
    ]);
    expect(engineIn(OLDER)).toEqual([
      ['generation', 'unknown'],
      ['version', 'before 0.2.0'],
    ]);
    expect(engineIn({ ...OLDER, runner: null, startedAt: null, status: 'QUEUED' })).toEqual([]);
  });
});

describe('the start of a run', () => {
  const start: RunEvent = {
    ...recordedEvent(0),
    data: { versions: { simcity: '0.2.0', generation: '3', postgres: '18\u001b' } },
  };

  test('tells in lines and in sentences by what it is executed', () => {
    expect(versionsOf(recordedEvent(0))).toEqual([]);
    expect(versionsOf({ ...start, type: 'note' })).toEqual([]);
    const frame = { frame: 'event', data: start } as const;
    expect(createLogLines(styleFor(false), () => 0).frame(frame)).toEqual([
      `${start.at} versions simcity=0.2.0 generation=3 postgres=18␛`,
    ]);
    expect(createSentences(() => 0).frame(frame)).toEqual([
      'It is executed by simcity 0.2.0, generation 3 and postgres 18␛.',
    ]);
  });
});

describe('a report', () => {
  const failForensic = recordedForensic();
  const commands = (changes: Parameters<typeof recordedRun>[0]) =>
    commandsFor({
      run: recordedRun({ status: 'FAIL', pass: false, failForensic, ...changes }),
      ...{ snapshots: [], charts: [], lastEvents: [], city: null, lost: null, closing: null, rules: null },
      why: null,
    }).map(({ what, command }) => [what, command.replace(RUN_ID, 'RUN')]);

  test('of a run of another generation names the version for its command, and no command that would refuse it', () => {
    expect(commands(OTHER)).toEqual([
      ['Reproduce, by SimCity 9.8.7', failForensic.reproduce],
      ['All that is known', 'simcity forensic RUN'],
    ]);
    expect(commands(OLDER)[0]?.[0]).toBe('Reproduce, by the SimCity that executed it (before 0.2.0)');
    expect(commands(OWN).map(([, command]) => command)).toEqual([
      failForensic.reproduce,
      'simcity replay RUN --verify',
      'simcity shrink RUN',
      'simcity forensic RUN',
    ]);
  });
});
