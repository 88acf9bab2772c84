/** A keyboard on which nobody types, for apps that are drawn without a terminal. */
import { PassThrough } from 'node:stream';

export function fakeKeyboard(): NodeJS.ReadStream {
  const stream = Object.assign(new PassThrough(), {
    isTTY: true,
    setRawMode: () => stream,
    ref: () => stream,
    unref: () => stream,
  });
  return stream as unknown as NodeJS.ReadStream;
}
