/** How many streams may be open: for each token, and on the whole server. */

/** What can be cut: the response of a stream. */
export interface Cuttable {
  once(event: 'close', listener: () => void): unknown;
  destroy(): unknown;
}

export class StreamPlaces {
  readonly #perToken: number;
  readonly #total: number;
  readonly #open = new Map<string, Set<Cuttable>>();
  #count = 0;

  constructor(perToken: number, total: number) {
    this.#perToken = perToken;
    this.#total = total;
  }

  get count(): number {
    return this.#count;
  }

  /** Takes a place until `stream` closes. `tokenId` null: nobody's, which only the server's number limits. */
  take(tokenId: string | null, stream: Cuttable): 'taken' | 'token-full' | 'server-full' {
    if (this.#count >= this.#total) return 'server-full';
    const key = tokenId ?? '';
    const mine = this.#open.get(key) ?? new Set();
    if (tokenId !== null && mine.size >= this.#perToken) return 'token-full';
    mine.add(stream);
    this.#open.set(key, mine);
    this.#count += 1;
    stream.once('close', () => {
      if (!mine.delete(stream)) return;
      this.#count -= 1;
      if (mine.size === 0) this.#open.delete(key);
    });
    return 'taken';
  }

  /** Cuts the streams of tokens that may not be used any more. */
  cutOthers(usable: ReadonlySet<string>): void {
    for (const [tokenId, streams] of this.#open) {
      if (tokenId === '' || usable.has(tokenId)) continue;
      for (const stream of [...streams]) stream.destroy();
    }
  }

  /** Cuts the streams of nobody: a server that asks for tokens now has no place for them. */
  cutAnonymous(): void {
    for (const stream of [...(this.#open.get('') ?? [])]) stream.destroy();
  }
}
