/** Statements and requests of a history on lines of few columns. */
import { describe, expect, it } from 'vitest';
import { createLogLines } from '../../cli/output/log-lines.ts';
import { styleFor } from '../../cli/output/style.ts';
import { detailOf, kindOf } from '../../cli/run/describe-event.ts';
import { matches, parseMatcher } from '../../cli/run/matcher.ts';
import { eventLine } from '../../cli/tui/components/event-line.ts';
import { cutLine, type Line, lineWidth } from '../../cli/tui/paint/line.ts';
import type { RunEvent } from '../../server/contract/index.ts';

const SQL = 'select count(*)::int as taken from bookings where slot = $1 and active and not cancelled';

function statement(data: Record<string, unknown>): RunEvent {
  const about = { v: 1, id: 7, op: 3, request: '3.0', kind: 'statement', error: null, connection: 0 };
  return {
    ...{
      index: 229,
      at: '2026-01-01T00:00:00.000Z',
      virtualMs: 36.25,
      type: 'statement',
      actor: 'citizen-004',
    },
    data: { ...about, ...data },
  };
}

const counted = statement({
  text: SQL,
  values: '["slot-002"]',
  answer: '[{"taken":2}]',
  tag: 'SELECT',
  count: 1,
});
const commit = statement({ text: 'commit', tag: 'COMMIT', count: null });
const late = statement({ text: SQL, tag: null, count: null, error: '40001', waitedFor: [3], takenBack: 1 });

const shown = (line: Line, width: number) =>
  cutLine(line, width)
    .map(({ text }) => text)
    .join('');

describe('a statement', () => {
  it.each([38, 58, 78])('keeps its answer on a line of %s columns', (width) => {
    const line = eventLine(counted, width);
    expect(lineWidth(line)).toBeLessThanOrEqual(width);
    expect(shown(line, width)).toMatch(/^ *229 .*citizen-004 selec.*…? +→ 2$/);
    expect(shown(eventLine(late, width), width)).toMatch(
      width < 78 ? /→ 40001/ : /→ 40001 {2}waited {2}taken b/,
    );
    expect(shown(eventLine(commit, width), width).trimEnd()).toMatch(/citizen-004 commit$/);
  });

  it('is told whole where there is room, and safely', () => {
    expect(detailOf(counted)).toBe(`${SQL}  ["slot-002"]  → SELECT 1 [{"taken":2}]`);
    expect(detailOf(late)).toBe(`${SQL}  → error 40001  waited  taken back once`);
    expect(detailOf(statement({ text: 'select \u001b[2J1', tag: 'SELECT', count: 1 }))).not.toContain(
      '\u001b',
    );
    expect(kindOf(counted)).toBe('statement');
  });

  it('is found by its type, its operation and its words', () => {
    const found = (text: string, event: RunEvent) => matches(parseMatcher(text) as never, event);
    const invoke = { ...counted, type: 'book.invoke', data: { op: 3 } };
    expect([found('type:statement', counted), found('type:statement', invoke)]).toEqual([true, false]);
    expect([found('op:3 type:statement', counted), found('op:4 type:statement', counted)]).toEqual([
      true,
      false,
    ]);
    expect(found('count(*) type:statement', counted)).toBe(true);
  });

  it('is no line of a log, which counts them', () => {
    const lines = createLogLines(styleFor(false), () => 5_000);
    const told = [counted, commit].flatMap((data) => lines.frame({ frame: 'event', data }));
    expect(told).toEqual([]);
    const beat = lines.frame({
      frame: 'heartbeat',
      data: { status: 'RUNNING', eventIndex: 230, eventsPerSecond: 9, metrics: {}, at: counted.at } as never,
    });
    expect(beat[0]).toContain('statements=2');
  });
});

it('a request on the wire is told by what became of it', () => {
  const wire = (data: Record<string, unknown>) =>
    detailOf({
      ...counted,
      type: 'wire',
      data: { v: 1, op: 3, request: 'POST /slots/slot-1/bookings', ...data },
    });
  expect(wire({ what: 'leave' })).toBe('leave POST /slots/slot-1/bookings');
  expect(wire({ what: 'answer', status: 201 })).toBe('answer 201 POST /slots/slot-1/bookings');
  expect(wire({ what: 'cut', cause: 'ECONNRESET' })).toBe('cut: ECONNRESET  POST /slots/slot-1/bookings');
});
