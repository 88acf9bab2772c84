/** Starts mission control in the browser. */
import { render } from 'preact';
import { App } from './app.tsx';
import { readSession } from './state/session.ts';

const place = document.getElementById('app');
if (place) {
  // What stands there until now is the shell that the server sent.
  place.replaceChildren();
  render(<App />, place);
}
void readSession();
