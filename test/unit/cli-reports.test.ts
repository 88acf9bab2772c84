import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { annotation, defuseLine, groupLines, summaryMarkdown } from '../../cli/output/github.ts';
import { ticksTo } from '../../cli/output/report/chart.ts';
import type { ReportData } from '../../cli/output/report/data.ts';
import { htmlReport } from '../../cli/output/report/html.ts';
import { jsonReport } from '../../cli/output/report/json.ts';
import { junitReport } from '../../cli/output/report/junit.ts';
import { usualCharts } from '../../cli/run/chart-choice.ts';
import {
  ENGINE_GENERATION,
  type Forensic,
  forensicSchema,
  passOf,
  type Run,
  runConfigSchema,
} from '../../server/contract/index.ts';
import {
  adapterDiagnosis,
  diagnosedRun,
  lostAttempt,
  recordedDiagnosis,
} from '../helpers/recorded-failure.ts';
import { historyFrames, recordedMetrics, recordedRun, violationEvent } from '../helpers/recorded-run.ts';

const EVIL = `</script><script>alert(1)</script>"'><img src=x onerror=alert(1)>\u001b[2J]]>\u0000\u202e##[error]x\n::error::y`;

function failure(text: string): Forensic {
  return forensicSchema.parse({
    version: 1,
    kind: 'invariant',
    invariant: text,
    message: text,
    eventIndex: 200,
    virtualMs: 12.5,
    operation: { op: 7, operation: 'book', slot: text },
    actual: { text },
    expected: text,
    object: text,
    history: [
      {
        operation: 7,
        actor: text,
        call: { operation: 'book', slot: text },
        outcome: 'ok',
        answer: { booking: text },
        invokedIndex: 190,
        completedIndex: 200,
        invokedMs: 10,
        completedMs: 12.5,
      },
    ],
    charts: usualCharts({}),
    lastEvents: [{ ...violationEvent(200), actor: text, type: 'violation', data: { message: text } }],
    city: null,
    difference: [text],
    faultsActive: [text],
    seed: 42,
    config: {},
    versions: {},
    reproduce: text,
  });
}

function ended(status: 'PASS' | 'FAIL' | 'STOPPED', changes: Partial<Run> = {}): Run {
  const text = changes.target ?? 'memory';
  return recordedRun({
    status,
    pass: passOf(status),
    durationSecondsActual: 12.408,
    failForensic: status === 'FAIL' ? failure(text) : null,
    stopReason: status === 'STOPPED' ? text : null,
    live: {
      status,
      eventIndex: 400,
      metrics: recordedMetrics(400),
      eventsPerSecond: 0,
      heartbeatAt: null,
    },
    ...changes,
  });
}

/** Runs of which the service under test says nothing, whose every text is `text`. */
function losses(text?: string): Run[] {
  const words = text === undefined ? {} : { message: text, invariant: text, reproduce: text };
  const process = text === undefined ? {} : { process: { stderr: [text], [text]: text } };
  const told = text === undefined ? {} : { target: text, stopReason: text };
  const lostAttempts = [lostAttempt(1, 1_204, text)];
  return [
    diagnosedRun(recordedDiagnosis({ ...words, ...process }), {
      ...told,
      lostAttempts: [...lostAttempts, lostAttempt(2, 901)],
    }),
    diagnosedRun(adapterDiagnosis({ ...words, ...process }), { ...told, lostAttempts }),
  ];
}

const ATTEMPT = 'attempt 2 (the first was lost at event 1,204: harness-lost)';

function dataOf(run: Run): ReportData {
  const frames = historyFrames(0, 400);
  return {
    run,
    snapshots: frames.flatMap((frame) => (frame.frame === 'snapshot' ? [frame.data] : [])),
    charts: usualCharts({}),
    lastEvents: frames.flatMap((frame) =>
      frame.frame === 'event' && frame.data.index > 350 ? [frame.data] : [],
    ),
    city: {
      index: 400,
      virtualMs: 1,
      slots: [{ id: run.target, capacity: 2, open: true, bookings: [], uncertain: 0 }],
    },
    lost: null,
    closing: null,
    rules: null,
    why: null,
  };
}

/** Names of the elements in the order in which they open; throws for what is not well-formed. */
function elementsOf(xml: string): string[] {
  const open: string[] = [];
  const names: string[] = [];
  const body = xml.replace(/^<\?xml [^?]*\?>\n/, '');
  const token = /<(\/?)([a-z-]+)((?:\s+[a-z]+="[^"<]*")*)\s*(\/?)>|([^<]+)/gy;
  let end = 0;
  for (let match = token.exec(body); match; match = token.exec(body)) {
    end = token.lastIndex;
    const [whole, closes, name, , empty, text] = match;
    expect(whole.replace(/&(?:amp|lt|gt|quot|apos);/g, '')).not.toContain('&');
    if (text !== undefined) continue;
    if (closes) expect(open.pop()).toBe(name);
    else {
      names.push(name ?? '');
      if (!empty) open.push(name ?? '');
    }
  }
  expect(end).toBe(body.length);
  expect(open).toEqual([]);
  return names;
}

describe('JUnit', () => {
  test.each([
    ['PASS', { tests: 1, failures: 0, errors: 0, skipped: 0 }],
    ['FAIL', { tests: 1, failures: 1, errors: 0, skipped: 0 }],
    ['STOPPED', { tests: 1, failures: 0, errors: 0, skipped: 1 }],
  ] as const)('%s is counted as such', (status, counts) => {
    const xml = junitReport(dataOf(ended(status)));
    for (const [name, value] of Object.entries(counts)) expect(xml).toContain(` ${name}="${value}"`);
    // The order that the common schema asks for.
    expect(new Set(elementsOf(xml))).toEqual(
      new Set([
        'testsuites',
        'testsuite',
        'properties',
        'property',
        'testcase',
        ...(status === 'FAIL' ? ['failure'] : status === 'STOPPED' ? ['skipped'] : []),
        'system-out',
        'system-err',
      ]),
    );
    expect(xml).toMatch(/timestamp="\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d"/);
    expect(xml).toMatch(/ time="12\.408"/);
  });

  test('what says nothing about the service is an error, not a failure', () => {
    for (const run of losses()) {
      const xml = junitReport(dataOf(run));
      expect(xml).toContain(' tests="1" failures="0" errors="1" skipped="0"');
      expect(elementsOf(xml)).toContain('error');
      expect(elementsOf(xml)).not.toContain('failure');
      expect(xml).toContain(`type="${run.failForensic?.kind}"`);
      expect(xml).toContain(`<property name="attempts" value="${ATTEMPT}"/>`);
      expect(xml).not.toMatch(/shrink|--verify/);
    }
    const [lost, adapter] = losses().map((run) => junitReport(dataOf(run)));
    expect(lost).toContain('<error message="LOST: The harness was lost: ');
    expect(lost).toContain('the last line that it printed');
    expect(adapter).toContain('<error message="ADAPTER ERROR: my-adapter.ts:41:17: ');
  });

  test('a run whose server is gone is an error', () => {
    expect(junitReport({ ...dataOf(recordedRun()), lost: 'the server is gone' })).toContain(
      '<error message="the server is gone"',
    );
  });

  test('a lost run says nothing about its thresholds', () => {
    const config = runConfigSchema.parse({ thresholds: ['p95_latency_ms<50'] });
    const xml = junitReport(dataOf({ ...(losses()[0] as Run), config }));
    expect(xml).toContain('tests="2" failures="0" errors="1" skipped="1"');
  });

  test('each threshold is a case', () => {
    const config = runConfigSchema.parse({ thresholds: ['p95_latency_ms<50', 'ok>1'] });
    const crossed = { ...failure('p95_latency_ms<50'), kind: 'threshold' as const };
    const xml = junitReport(dataOf(ended('FAIL', { config, failForensic: crossed })));
    expect(xml).toContain('tests="3" failures="2" errors="0" skipped="1"');
    expect(xml).toContain('threshold p95_latency_ms&lt;50');
  });

  test('nothing that a run holds breaks the document', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (text) => {
        elementsOf(junitReport(dataOf(ended('FAIL', { target: text }))));
      }),
      { numRuns: 50 },
    );
    expect(junitReport(dataOf(ended('FAIL', { target: EVIL })))).not.toMatch(/[\u0000-\u0008\u000b-\u001f]/);
  });
});

describe('JSON', () => {
  test('is one document with a version, the run, the verdict, and the failure', () => {
    const document = JSON.parse(jsonReport(dataOf(ended('FAIL'))));
    expect(document).toMatchObject({
      version: 2,
      tool: { name: 'simcity' },
      run: { seed: 42, generation: ENGINE_GENERATION, version: '0.2.0', lostAttempts: [] },
      verdict: {
        status: 'FAIL',
        outcome: 'FAIL',
        pass: false,
        exitCode: 1,
        events: 401,
        durationSeconds: 12.408,
      },
      failure: { kind: 'invariant' },
    });
  });

  test('tells a stop, a loss and an adapter error apart, each without a verdict', () => {
    const verdictOf = (run: Run) => JSON.parse(jsonReport(dataOf(run)));
    const [lost, adapter] = losses().map(verdictOf);
    expect(verdictOf(ended('STOPPED'))).toMatchObject({
      verdict: { outcome: 'STOPPED', pass: null, exitCode: 3 },
    });
    expect(lost).toMatchObject({
      run: { lostAttempts: [{ attempt: 1, eventIndex: 1_204 }, { attempt: 2 }] },
      verdict: { status: 'STOPPED', outcome: 'LOST', pass: null, exitCode: 4, stopReason: 'harness-lost' },
      failure: { kind: 'harness-lost' },
      commands: [{ what: 'Run it again' }, { what: 'All that is known' }],
    });
    expect(adapter).toMatchObject({
      verdict: { status: 'STOPPED', outcome: 'ADAPTER ERROR', pass: null, exitCode: 2 },
    });
    expect(JSON.parse(jsonReport({ ...dataOf(recordedRun()), lost: 'gone' }))).toMatchObject({
      verdict: { status: 'not-ended', outcome: 'NO VERDICT', pass: null, exitCode: 4 },
    });
  });

  test('offers to shrink only what a harness lived to find', () => {
    const crashed = { ...failure('x'), kind: 'harness-crash' as const, eventIndex: null };
    const { verdict, commands } = JSON.parse(jsonReport(dataOf(ended('FAIL', { failForensic: crashed }))));
    expect(verdict).toMatchObject({ outcome: 'FAIL', exitCode: 1 });
    expect(JSON.stringify(commands)).toContain('--verify');
    expect(JSON.stringify(commands)).not.toContain('shrink');
  });
});

describe('HTML', () => {
  /** The same run with harmless text has the same elements, whatever the text. */
  const tagsOf = (page: string) => [...page.matchAll(/<\/?[a-zA-Z!][^\s>]*/g)].map(([tag]) => tag);

  test('text of a run never becomes markup', () => {
    const harmless = tagsOf(htmlReport(dataOf(ended('FAIL', { target: 'harmless' }))));
    const page = htmlReport(dataOf(ended('FAIL', { target: EVIL })));
    expect(tagsOf(page)).toEqual(harmless);
    expect(page).not.toMatch(/<script|<img/i);
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (text) => {
        expect(tagsOf(htmlReport(dataOf(ended('FAIL', { target: text }))))).toEqual(harmless);
      }),
      { numRuns: 50 },
    );
  });

  test('what says nothing about the service is not told as a failure of it', () => {
    for (const run of losses()) {
      const page = htmlReport(dataOf(run));
      expect(page).toContain('What went wrong');
      expect(page).not.toContain('What broke');
      expect(page).not.toMatch(/class="[^"]*(FAIL|broke)/);
      expect(page).not.toMatch(/Expected|Actual|simcity shrink|--verify|where it broke/);
      expect(page).toContain(ATTEMPT);
    }
    const [lost, adapter] = losses().map((run) => htmlReport(dataOf(run)));
    expect(lost).toContain('<p class="verdict LOST">LOST</p>');
    expect(lost).toContain('the last line that it printed');
    expect(adapter).toContain('<p class="verdict ADAPTER-ERROR">ADAPTER ERROR</p>');
    expect(adapter).toContain('<title>ADAPTER ERROR · ');
  });

  test('text of a diagnosis never becomes markup', () => {
    const harmless = losses('harmless').map((run) => tagsOf(htmlReport(dataOf(run))));
    expect(losses(EVIL).map((run) => tagsOf(htmlReport(dataOf(run))))).toEqual(harmless);
  });

  test('needs nothing from anywhere, and says so to the browser', () => {
    const page = htmlReport(dataOf(ended('FAIL')));
    expect(page).not.toMatch(/(?:src|href|url)\s*[=(]/i);
    const [, style = ''] = /<style>([^<]*)<\/style>/.exec(page) ?? [];
    const hash = createHash('sha256').update(style).digest('base64');
    expect(page).toContain(`default-src 'none'; style-src 'sha256-${hash}'`.replaceAll("'", '&#39;'));
    expect(page).not.toMatch(/ style="/);
  });

  test('tells what broke, with charts, the history, and the commands', () => {
    const page = htmlReport(dataOf(ended('FAIL')));
    for (const part of [
      'What broke',
      'Expected',
      'Actual',
      'History of',
      'Reproduce',
      'simcity shrink',
      '<polyline',
    ]) {
      expect(page).toContain(part);
    }
    const passed = htmlReport(dataOf(ended('PASS')));
    expect(passed).not.toContain('What broke');
    expect(passed).toContain('Bookings (active)');
  });
});

test('axes have round numbers', () => {
  expect(ticksTo(21)).toEqual([0, 10, 20, 30]);
  expect(ticksTo(400)).toEqual([0, 100, 200, 300, 400]);
  expect(ticksTo(1)).toEqual([0, 0.5, 1]);
});

describe('GitHub Actions', () => {
  test('a failure is an annotation on one line', () => {
    const line = annotation(dataOf(ended('FAIL', { target: 'a,b::c' })));
    expect(line).toMatch(/^::error title=SimCity FAIL%3A a%2Cb%3A%3Ac [^:]*::a,b::c%0AReproduce: a,b::c$/);
    expect(annotation(dataOf(ended('PASS')))).toMatch(/^::notice title=SimCity PASS/);
    expect(annotation(dataOf(ended('STOPPED')))).toMatch(/^::warning title=SimCity STOPPED/);
    expect(annotation(dataOf(ended('FAIL', { target: EVIL })))).not.toMatch(/[\r\n\u001b]/);
  });

  test('what says nothing about the service is an error of that name, and no FAIL', () => {
    const [lost, adapter] = losses().map((run) => dataOf(run));
    if (lost === undefined || adapter === undefined) throw new Error('no data');
    expect(annotation(lost)).toMatch(
      /^::error title=SimCity LOST%3A harness-lost \(bookings@postgres seed 42\)::The harness was lost: .*%0ARun again: npx simcity run --seed 42$/,
    );
    expect(annotation(adapter)).toMatch(
      /^::error title=SimCity ADAPTER ERROR \(bookings@.*::my-adapter\.ts:41:17: /,
    );
    expect(annotation({ ...dataOf(recordedRun()), lost: 'gone' })).toMatch(
      /^::error title=SimCity%3A no verdict .*::gone$/,
    );
    for (const data of [lost, adapter]) {
      const summary = summaryMarkdown(data);
      expect(summary).toMatch(/^### ⚠️ SimCity (LOST|ADAPTER ERROR): bookings on postgres, seed 42\n/);
      expect(summary).not.toMatch(/FAIL|❌|expected|shrink|--verify/);
      expect(summary).toContain('attempt 2 \\(the first was lost at event 1,204: harness-lost\\)');
    }
    for (const run of losses(EVIL)) {
      expect(annotation(dataOf(run))).not.toMatch(/[\r\n\u001b]/);
      const [markup] = summaryMarkdown(dataOf(run)).split('\n```');
      expect(markup).not.toMatch(/<(?!\/?(details|summary)>)/);
    }
  });

  test('text of a run gives the job no commands', () => {
    expect(defuseLine('::error::gotcha')).not.toMatch(/^\s*::/);
    expect(defuseLine('   ::set-env name=x::y')).not.toMatch(/^\s*::/);
    expect(defuseLine('2025 ##[command]x')).not.toContain('##[');
    expect(defuseLine('2025 a::b')).toBe('2025 a::b');
    expect(groupLines(recordedRun({ target: 'a\n::error::b' })).begin).toHaveLength(1);
    expect(groupLines(recordedRun({ target: 'a\n::error::b' })).begin[0]).not.toContain('\n');
  });

  test('the job summary shows text as text', () => {
    const summary = summaryMarkdown(dataOf(ended('FAIL', { target: '**x** [a](http://b) <i> @all | ```' })));
    expect(summary).toContain('\\*\\*x\\*\\* \\[a\\]\\(http&#58;//b\\) &lt;i&gt; &#64;all \\|');
    expect(summary).toContain('````sh');
  });
});
