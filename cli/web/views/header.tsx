/** What stands above every view: the name, the way to the list, launching, and who is signed in. */
import { api } from '../client/api.ts';
import { Link } from '../components/link.tsx';
import { launchStore } from '../state/launching.ts';
import { routeStore } from '../state/navigation.ts';
import { CAMPAIGNS, HOME, RUNNERS } from '../state/route.ts';
import { mayControl, sessionStore } from '../state/session.ts';
import { useStore } from '../state/store.ts';
import { Help } from './help-dialog.tsx';

export function Header() {
  const state = useStore(sessionStore);
  const route = useStore(routeStore);
  const { session, mustSignIn } = state;
  return (
    <header class="top">
      <Link to={HOME} class="brand">
        SIMCITY
        <span class="brand-rest"> mission control</span>
      </Link>
      <nav class="places" aria-label="Places">
        <Link to={HOME} isCurrent={route.page === 'runs'}>
          Runs
        </Link>
        <Link to={CAMPAIGNS} isCurrent={route.page === 'campaigns'}>
          Campaigns
        </Link>
        <Link to={RUNNERS} isCurrent={route.page === 'runners'}>
          Runners
        </Link>
      </nav>
      <div class="top-right">
        {!mustSignIn && mayControl(state) && (
          <button type="button" class="primary" onClick={() => launchStore.set({ like: null })}>
            Launch a run
          </button>
        )}
        {!mustSignIn && !mayControl(state) && <span class="dim">read only</span>}
        {session !== null && session.name !== null && !mustSignIn && (
          <button type="button" onClick={signOut} title={`Signed in as ${session.name}`}>
            Sign out
          </button>
        )}
        <Help />
      </div>
    </header>
  );
}

async function signOut(): Promise<void> {
  await api.signOut().catch(() => null);
  sessionStore.set({ session: null, mustSignIn: true });
}
