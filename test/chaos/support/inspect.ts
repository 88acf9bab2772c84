/** Makes a process of Node collect its garbage, by the protocol of its inspector, so that memory can be compared. */
import { signal } from './processes.ts';
import { until } from './until.ts';

/**
 * The environment of a process that listens for its inspector on `port` once it gets SIGUSR1, whose allocator gives
 * back to the kernel what is free, and whose space for young objects stays small: else its resident memory would
 * tell of the peak of the load, and not of a leak.
 */
export function inspectable(port: number): Record<string, string> {
  return {
    NODE_OPTIONS: `--inspect-port=127.0.0.1:${port} --max-semi-space-size=2`,
    MALLOC_ARENA_MAX: '1',
    MALLOC_MMAP_THRESHOLD_: '65536',
    MALLOC_TRIM_THRESHOLD_: '65536',
  };
}

/** Collects the garbage of a process. Twice: what the first leaves to finalizers goes with the second. */
export async function collectGarbage(pid: number, port: number): Promise<void> {
  await liveBytes(pid, port);
}

interface Answer {
  result?: { result?: { value?: unknown } };
}

const MEMORY = '(({ heapUsed, external }) => heapUsed + external)(process.memoryUsage())';

/** What is alive in a process after its garbage was collected: objects and buffers, in bytes. */
export async function liveBytes(pid: number, port: number): Promise<number> {
  signal(pid, 'SIGUSR1');
  const url = await until('the inspector answers', 20_000, async () => {
    const targets = (await (await fetch(`http://127.0.0.1:${port}/json/list`)).json()) as {
      webSocketDebuggerUrl: string;
    }[];
    return targets[0]?.webSocketDebuggerUrl;
  });
  const socket = new WebSocket(url);
  await new Promise((resolve, reject) => {
    socket.onopen = resolve;
    socket.onerror = () => reject(new Error('the inspector refuses'));
  });
  let asked = 0;
  const ask = (method: string, params: Record<string, unknown> = {}) => {
    const id = ++asked;
    const answered = new Promise<Answer>((resolve) => {
      socket.onmessage = ({ data }) => {
        const answer = JSON.parse(String(data)) as Answer & { id?: number };
        if (answer.id === id) resolve(answer);
      };
    });
    socket.send(JSON.stringify({ id, method, params }));
    return answered;
  };
  await ask('HeapProfiler.collectGarbage');
  await ask('HeapProfiler.collectGarbage');
  const { result } = await ask('Runtime.evaluate', { expression: MEMORY });
  const closed = new Promise((resolve) => {
    socket.onclose = resolve;
  });
  socket.close();
  await closed;
  return Number(result?.result?.value);
}
