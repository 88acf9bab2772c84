/** The whole page: the header, and the view that the address names. */
import { useEffect, useRef } from 'preact/hooks';
import { lazily } from './components/lazily.tsx';
import { routeStore } from './state/navigation.ts';
import type { Route } from './state/route.ts';
import { sessionStore } from './state/session.ts';
import { useStore } from './state/store.ts';
import { Header } from './views/header.tsx';
import { LaunchDialog } from './views/launch-dialog.tsx';
import { RunView } from './views/run-view.tsx';
import { RunsView } from './views/runs-view.tsx';
import { SignIn } from './views/sign-in.tsx';

const CompareView = lazily(async () => (await import('./views/compare-view.tsx')).CompareView);

export function App() {
  const route = useStore(routeStore);
  const { mustSignIn } = useStore(sessionStore);
  const place = route.page === 'runs' ? `runs ${route.campaign ?? ''}` : route.page;
  useHeadingFocus(place);
  return (
    <>
      <Header />
      <main id="main" tabIndex={-1}>
        {mustSignIn ? <SignIn /> : <Chosen route={route} />}
      </main>
      {!mustSignIn && <LaunchDialog />}
    </>
  );
}

function Chosen({ route }: { route: Route }) {
  switch (route.page) {
    case 'runs':
      return <RunsView key={route.campaign} route={route} />;
    case 'run':
      return <RunView key={route.runId} route={route} />;
    case 'compare':
      return <CompareView route={route} />;
  }
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
