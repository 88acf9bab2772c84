/** Views whose script is loaded when they are first shown. */
import type { ComponentType } from 'preact';
import { useEffect, useState } from 'preact/hooks';

/** A component that stands for the one that `load` brings. */
export function lazily<Props extends object>(load: () => Promise<ComponentType<Props>>) {
  let loaded: ComponentType<Props> | null = null;
  return function Lazily(props: Props) {
    const [View, setView] = useState(() => loaded);
    const [isMissing, setMissing] = useState(false);
    useEffect(() => {
      if (View !== null) return;
      load().then(
        (view) => {
          loaded = view;
          setView(() => view);
        },
        () => setMissing(true),
      );
    }, [View]);
    if (isMissing) return <Missing />;
    return View === null ? <p class="empty">Loading the view…</p> : <View {...props} />;
  };
}

/** A server of another version has other files. */
function Missing() {
  return (
    <p class="banner" role="alert">
      The view could not be loaded: the server does not answer, or is of another version now.
      <button type="button" onClick={() => location.reload()}>
        Load the page again
      </button>
    </p>
  );
}
