/** Loads mission control once the shell is drawn, so that there is something to see at once. */
const load = () => void import('./main.tsx');

// The policy of the page lets no text become code, so that zod, which some views bring, must not try.
Object.assign(globalThis, { __zod_globalConfig: { jitless: true } });

// A page that is hidden draws nothing.
if (document.hidden) load();
else requestAnimationFrame(() => setTimeout(load));
