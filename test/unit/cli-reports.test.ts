import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { usualCharts } from '../../cli/chart-choice.ts';
import { annotation, defuseLine, groupLines, summaryMarkdown } from '../../cli/output/github.ts';
import { ticksTo } from '../../cli/output/report/chart.ts';
import type { ReportData } from '../../cli/output/report/data.ts';
import { htmlReport } from '../../cli/output/report/html.ts';
import { jsonReport } from '../../cli/output/report/json.ts';
import { junitReport } from '../../cli/output/report/junit.ts';
import { type Forensic, forensicSchema, type Run, runConfigSchema } from '../../server/contract/index.ts';
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
    pass: status === 'PASS',
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

  test('a lost harness is an error, not a failure of the target', () => {
    const run = ended('FAIL');
    const lost = { ...failure('lost'), kind: 'harness-lost' as const };
    expect(junitReport(dataOf({ ...run, failForensic: lost }))).toContain('errors="1"');
    expect(junitReport({ ...dataOf(recordedRun()), lost: 'the server is gone' })).toContain(
      '<error message="the server is gone"',
    );
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
      version: 1,
      tool: { name: 'simcity' },
      run: { seed: 42 },
      verdict: { status: 'FAIL', pass: false, exitCode: 1, events: 401, durationSeconds: 12.408 },
      failure: { kind: 'invariant' },
    });
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

  test('needs nothing from anywhere, and says so to the browser', () => {
    const page = htmlReport(dataOf(ended('FAIL')));
    expect(page).not.toMatch(/(?:src|href|url)\s*[=(]/i);
    expect(page).toContain("default-src 'none'; style-src 'sha256-".replaceAll("'", '&#39;'));
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
