/** Requests as bytes, whatever they say. */
import { connect } from 'node:net';
import { within } from './until.ts';

/** The status of the answer to raw bytes; 0: the connection was closed without one. */
export function rawStream(port: number, bytes: Buffer): Promise<number> {
  const answered = new Promise<number>((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes));
    const end = (status: number) => {
      socket.destroy();
      resolve(status);
    };
    socket.once('data', (chunk) =>
      end(Number(/^HTTP\/1\.1 (\d{3})/.exec(chunk.toString('latin1'))?.[1] ?? 599)),
    );
    socket.once('error', () => end(0));
    socket.once('close', () => end(0));
  });
  return within('an answer to a fuzzed request', 30_000, answered);
}
