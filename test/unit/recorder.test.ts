import { expect, test } from 'vitest';
import { Recorder } from '../../runner/harness/recorder.ts';
import { MemorySink } from '../../runner/telemetry/memory.ts';

function recorded(types: readonly string[]) {
  const sink = new MemorySink();
  let counted = 0;
  const recorder = new Recorder({
    sink,
    snapshotEvery: 3,
    metrics: () => ({ counted }),
    now: () => new Date(0),
  });
  for (const type of types) {
    counted += 1;
    recorder.record(counted, type, 'city', {});
  }
  return sink.snapshots.map(({ index, metrics }) => [index, metrics['counted']]);
}

test('a snapshot after each third event has counted the one that follows', () => {
  expect(recorded(['start', 'a', 'b', 'c', 'd', 'e', 'f'])).toEqual([
    [2, 4],
    [5, 7],
  ]);
});

// A run that is told to end ends wherever it is: one that is executed again goes on there.
test('no snapshot stands right before the end', () => {
  expect(recorded(['start', 'a', 'b', 'end'])).toEqual([]);
});
