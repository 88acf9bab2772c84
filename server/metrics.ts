/** What the server counts about itself, as Prometheus text. */
import { RUN_STATUSES } from './contract/index.ts';

export class Metrics {
  eventsIngested = 0;
  batchesIngested = 0;
  batchesRefused = 0;
  streamsOpened = 0;
  streamsCut = 0;
  framesDelivered = 0;

  /** @param runsByStatus null when the database cannot be reached: those lines are left out then. */
  text(runsByStatus: Map<string, number> | null, subscribers: number, version: string): string {
    const lines: string[] = [];
    const add = (name: string, type: 'gauge' | 'counter', help: string, samples: [string, number][]) => {
      lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`);
      for (const [labels, value] of samples) lines.push(`${name}${labels} ${value}`);
    };
    add('simcity_info', 'gauge', 'The version that runs.', [[`{version="${version}"}`, 1]]);
    if (runsByStatus) {
      add(
        'simcity_runs',
        'gauge',
        'Runs stored, by status.',
        RUN_STATUSES.map((status) => [`{status="${status}"}`, runsByStatus.get(status) ?? 0]),
      );
    }
    add('simcity_database_up', 'gauge', '1 when the database answers.', [['', runsByStatus ? 1 : 0]]);
    add('simcity_events_ingested_total', 'counter', 'Events taken from harnesses and committed.', [
      ['', this.eventsIngested],
    ]);
    add('simcity_batches_ingested_total', 'counter', 'Telemetry batches committed.', [
      ['', this.batchesIngested],
    ]);
    add('simcity_batches_refused_total', 'counter', 'Telemetry batches refused or failed.', [
      ['', this.batchesRefused],
    ]);
    add('simcity_stream_subscribers', 'gauge', 'Streams open now.', [['', subscribers]]);
    add('simcity_streams_opened_total', 'counter', 'Streams opened.', [['', this.streamsOpened]]);
    add('simcity_streams_cut_total', 'counter', 'Streams cut because their reader took nothing.', [
      ['', this.streamsCut],
    ]);
    add('simcity_frames_delivered_total', 'counter', 'Frames of history written to subscribers.', [
      ['', this.framesDelivered],
    ]);
    const memory = process.memoryUsage();
    add('process_resident_memory_bytes', 'gauge', 'Resident memory.', [['', memory.rss]]);
    add('process_heap_bytes', 'gauge', 'Heap in use.', [['', memory.heapUsed]]);
    add('process_cpu_seconds_total', 'counter', 'Processor time used.', [
      ['', (process.cpuUsage().user + process.cpuUsage().system) / 1e6],
    ]);
    add('process_uptime_seconds', 'gauge', 'Time since the start.', [['', process.uptime()]]);
    return `${lines.join('\n')}\n`;
  }
}
