/** A TCP proxy that can fall silent, as a network does: connections stay open, but nothing comes through. */
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface TcpProxy {
  port: number;
  /** From now on nothing passes any more on the connections there are, nor on new ones. */
  mute(): void;
  /** New connections pass again; those that were muted stay so. */
  unmute(): void;
  connections(): number;
  close(): Promise<void>;
}

export async function startTcpProxy(targetPort: number): Promise<TcpProxy> {
  const open = new Set<{ inner: Socket; outer: Socket }>();
  let muted = false;
  const server = createServer((inner) => {
    const outer = connect(targetPort, '127.0.0.1');
    const pair = { inner, outer };
    open.add(pair);
    const end = () => {
      open.delete(pair);
      inner.destroy();
      outer.destroy();
    };
    for (const socket of [inner, outer]) socket.on('close', end).on('error', end);
    if (muted) return;
    inner.pipe(outer);
    outer.pipe(inner);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    mute() {
      muted = true;
      for (const { inner, outer } of open) {
        inner.unpipe(outer);
        outer.unpipe(inner);
        inner.pause();
        outer.pause();
      }
    },
    unmute() {
      muted = false;
    },
    connections: () => open.size,
    close: () =>
      new Promise((resolve) => {
        for (const { inner, outer } of open) {
          inner.destroy();
          outer.destroy();
        }
        server.close(() => resolve());
      }),
  };
}
