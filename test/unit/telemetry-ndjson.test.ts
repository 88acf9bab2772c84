/** The sinks without a server: lines of frames, and memory. */
import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { MemorySink } from '../../runner/telemetry/memory.ts';
import { NdjsonSink } from '../../runner/telemetry/ndjson.ts';
import { RateMeter } from '../../runner/telemetry/rate-meter.ts';
import { endFrameSchema } from '../../server/contract/index.ts';
import { event } from './telemetry-receiver.ts';

test('frames become lines, the end last with the exact duration', async () => {
  const output = new PassThrough();
  const sink = new NdjsonSink(output);
  await sink.event(event(0, { type: 'start' }));
  await sink.snapshot({ index: 0, at: event(0).at, metrics: { bookings: 0 } });
  await sink.event(event(1_500, { type: 'end' }));
  await sink.end({ status: 'STOPPED', reason: 'enough', failForensic: null });
  const lines = String(output.read())
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(lines.map(({ frame }) => frame)).toEqual(['event', 'snapshot', 'event', 'end']);
  expect(endFrameSchema.parse(lines.at(-1).data)).toEqual({
    status: 'STOPPED',
    pass: null,
    eventIndex: 1_500,
    durationSecondsActual: 1.5,
    failure: null,
    stopReason: 'enough',
  });
});

test('a stream that is full makes the caller wait until it drains', async () => {
  const output = new PassThrough({ highWaterMark: 10 });
  const full = new NdjsonSink(output).event(event(0));
  expect(full).toBeInstanceOf(Promise);
  output.resume();
  await full;
});

test('memory keeps everything', async () => {
  const sink = new MemorySink();
  sink.event(event(0));
  sink.live({ bookings: 1 });
  await sink.end({ status: 'PASS', reason: null, failForensic: null });
  expect(sink).toMatchObject({
    events: [{ index: 0 }],
    metrics: { bookings: 1 },
    report: { status: 'PASS' },
  });
});

test('the rate is that of the last window of a second', () => {
  let nowMs = 0;
  const meter = new RateMeter(() => nowMs);
  expect(meter.perSecond()).toBe(0);
  for (let count = 0; count < 50; count += 1) meter.count();
  nowMs = 500;
  expect(meter.perSecond()).toBe(100);
  nowMs = 2_000;
  expect(meter.perSecond()).toBe(25);
  nowMs = 2_100;
  expect(meter.perSecond()).toBe(25);
  nowMs = 3_000;
  expect(meter.perSecond()).toBe(0);
});
