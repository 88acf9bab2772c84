/** Makes a process of Node collect its garbage, by the protocol of its inspector, so that memory can be compared. */
import { signal } from './processes.ts';
import { until } from './until.ts';

/** The environment of a process that listens for its inspector on `port` once it gets SIGUSR1. */
export function inspectable(port: number): Record<string, string> {
  return { NODE_OPTIONS: `--inspect-port=127.0.0.1:${port}` };
}

/** Twice: what the first leaves to finalizers goes with the second. */
export async function collectGarbage(pid: number, port: number): Promise<void> {
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
  for (const id of [1, 2]) {
    const answered = new Promise<void>((resolve) => {
      socket.onmessage = ({ data }) => {
        if ((JSON.parse(String(data)) as { id?: number }).id === id) resolve();
      };
    });
    socket.send(JSON.stringify({ id, method: 'HeapProfiler.collectGarbage' }));
    await answered;
  }
  const closed = new Promise((resolve) => {
    socket.onclose = resolve;
  });
  socket.close();
  await closed;
}
