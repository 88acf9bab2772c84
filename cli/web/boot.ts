/** Loads mission control once the shell is drawn, so that there is something to see at once. */
const load = () => void import('./main.tsx');

// A page that is hidden draws nothing.
if (document.hidden) load();
else requestAnimationFrame(() => setTimeout(load));
