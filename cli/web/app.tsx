/** The whole page: the header, and the view that the address names. */
import { useEffect, useRef } from 'preact/hooks';
import { lazyView } from './components/lazy-view.tsx';
import { routeStore } from './state/navigation.ts';
import type { Route } from './state/route.ts';
import { sessionStore } from './state/session.ts';
import { useStore } from './state/store.ts';
import { Header } from './views/header.tsx';
import { LaunchDialog } from './views/launch-dialog.tsx';
import { RunView } from './views/run-view.tsx';
import { RunsView } from './views/runs-view.tsx';
import { SignIn } from './views/sign-in.tsx';

const CampaignsView = lazyView(async () => (await import('./views/campaigns-view.tsx')).CampaignsView);
const CampaignView = lazyView(async () => (await import('./views/campaign-view.tsx')).CampaignView);
const RunnersView = lazyView(async () => (await import('./views/runners-view.tsx')).RunnersView);
const CompareView = lazyView(async () => (await import('./views/compare-view.tsx')).CompareView);

export function App() {
  const route = useStore(routeStore);
  const { mustSignIn } = useStore(sessionStore);
  useHeadingFocus(placeOf(route));
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
    case 'campaigns':
      return <CampaignsView />;
    case 'campaign':
      return <CampaignView key={route.name} name={route.name} />;
    case 'runners':
      return <RunnersView />;
    case 'compare':
      return <CompareView route={route} />;
  }
}

/** The views of a run are one place. */
function placeOf(route: Route): string {
  if (route.page === 'runs') return `runs ${route.campaign ?? ''}`;
  return route.page === 'campaign' ? `campaign ${route.name}` : route.page;
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
