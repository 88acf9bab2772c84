/** A view whose script comes when it is first shown, so that the first page stays small. */
import type { ComponentType, VNode } from 'preact';
import { useEffect, useState } from 'preact/hooks';

export function lazyView<Props extends object>(
  load: () => Promise<ComponentType<Props>>,
): (props: Props) => VNode {
  let loaded: ComponentType<Props> | null = null;
  return function LazyView(props: Props) {
    const [isFailed, setFailed] = useState(false);
    const [View, setView] = useState<{ type: ComponentType<Props> } | null>(loaded && { type: loaded });
    useEffect(() => {
      if (loaded !== null) return;
      load().then(
        (type) => {
          loaded = type;
          setView({ type });
        },
        () => setFailed(true),
      );
    }, []);
    if (View !== null) return <View.type {...props} />;
    return isFailed ? <NotLoaded /> : <p class="empty">Reading…</p>;
  };
}

/** The server may have been replaced by one of another version meanwhile, whose files have other names. */
function NotLoaded() {
  return (
    <p class="banner" role="alert">
      This view could not be loaded.{' '}
      <button type="button" onClick={() => location.reload()}>
        Reload the page
      </button>
    </p>
  );
}
