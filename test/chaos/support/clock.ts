/** A clock that the test sets, for the processes that are started with it: libfaketime. */
import { chmodSync, globSync, writeFileSync } from 'node:fs';

const LIBRARY = globSync('/usr/lib/*/faketime/libfaketimeMT.so.1')[0] ?? '';

/** Why no clock can be set; null when it can. */
export function lacksClock(): string | null {
  return LIBRARY === '' ? 'libfaketime is not installed (Debian: libfaketime)' : null;
}

export class Clock {
  readonly #file: string;

  /** Right as yet; `file` says how wrong it is, also to processes of other users. */
  constructor(file: string) {
    this.#file = file;
    this.set('+0s');
    chmodSync(file, 0o644);
  }

  /** `+45s` or `-1h` before or behind the right time. */
  set(shift: string): void {
    writeFileSync(this.#file, `${shift}\n`);
  }

  /** Of the processes that go by it. */
  get environment(): Record<string, string> {
    return {
      LD_PRELOAD: LIBRARY,
      FAKETIME_TIMESTAMP_FILE: this.#file,
      FAKETIME_NO_CACHE: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
      // Their threads would wait by the wrong clock.
      FAKETIME_FAKE_STAT: '0',
      NO_FAKE_STAT: '1',
    };
  }
}
