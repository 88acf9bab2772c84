/** The whole page: the header, and the view that the address names. */
import { useEffect, useRef } from 'preact/hooks';
import { routeStore } from './state/navigation.ts';
import { sessionStore } from './state/session.ts';
import { useStore } from './state/store.ts';
import { Header } from './views/header.tsx';
import { LaunchDialog } from './views/launch-dialog.tsx';
import { RunView } from './views/run-view.tsx';
import { RunsView } from './views/runs-view.tsx';
import { SignIn } from './views/sign-in.tsx';

export function App() {
  const route = useStore(routeStore);
  const { mustSignIn } = useStore(sessionStore);
  const place = route.page === 'runs' ? `runs ${route.campaign ?? ''}` : 'run';
  useHeadingFocus(place);
  return (
    <>
      <Header />
      <main id="main" tabIndex={-1}>
        {mustSignIn ? (
          <SignIn />
        ) : route.page === 'runs' ? (
          <RunsView key={`${route.status} ${route.campaign}`} route={route} />
        ) : (
          <RunView key={route.runId} route={route} />
        )}
      </main>
      {!mustSignIn && <LaunchDialog />}
    </>
  );
}

/** Somewhere else, what was focused is gone: the heading of the new place gets the focus, and is read out. */
function useHeadingFocus(place: string): void {
  const before = useRef(place);
  useEffect(() => {
    if (before.current !== place) focusHeading();
    before.current = place;
  }, [place]);
}

function focusHeading(): void {
  const main = document.getElementById('main');
  (main?.querySelector('h1') ?? main)?.focus();
}
