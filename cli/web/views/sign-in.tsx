/** Asks for a token, for which the browser gets a cookie that scripts cannot read. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { api, asProblem } from '../client/api.ts';
import { announce } from '../state/announce.ts';
import { sessionStore } from '../state/session.ts';

export function SignIn() {
  const input = useRef<HTMLInputElement>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const [isSent, setSent] = useState(false);
  useEffect(() => {
    document.title = 'Sign in · SimCity';
    input.current?.focus();
  }, []);
  const submit = async (event: Event) => {
    event.preventDefault();
    setSent(true);
    setProblem(null);
    try {
      const session = await api.signIn(input.current?.value.trim() ?? '');
      sessionStore.set({ session, mustSignIn: false });
      announce('Signed in.');
    } catch (error) {
      setProblem(asProblem(error).message);
      input.current?.select();
    } finally {
      setSent(false);
    }
  };
  return (
    <section class="sign-in panel" aria-labelledby="sign-in-title">
      <h1 id="sign-in-title">Sign in</h1>
      <p>This server answers only to those who have a token. Its operator makes one with</p>
      <p>
        <code>simcity token create --name you --scope read,control</code>
      </p>
      <form onSubmit={submit}>
        <div class="field">
          <label for="token">Token</label>
          <input
            id="token"
            ref={input}
            type="password"
            required
            autocomplete="current-password"
            aria-describedby={problem === null ? undefined : 'token-problem'}
            aria-invalid={problem !== null}
          />
        </div>
        {problem !== null && (
          <p class="problem" role="alert" id="token-problem">
            {problem}
          </p>
        )}
        <div class="actions">
          <button type="submit" class="primary" disabled={isSent}>
            Sign in
          </button>
        </div>
      </form>
    </section>
  );
}
