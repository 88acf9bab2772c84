/** Asks again and again while somebody looks. */

/** Calls `work` at once and then every `everyMs` while the page is visible, never twice at a time. Returns what ends it. */
export function refreshing(work: (signal: AbortSignal) => Promise<void>, everyMs: number): () => void {
  const over = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isBusy = false;
  const go = async () => {
    clearTimeout(timer);
    if (isBusy || over.signal.aborted || document.hidden) return;
    isBusy = true;
    await work(over.signal);
    isBusy = false;
    if (!over.signal.aborted) timer = setTimeout(go, everyMs);
  };
  const onVisible = () => void go();
  document.addEventListener('visibilitychange', onVisible);
  void go();
  return () => {
    over.abort();
    clearTimeout(timer);
    document.removeEventListener('visibilitychange', onVisible);
  };
}
