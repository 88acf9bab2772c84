// The health of a container: a server must be ready; a harness and a runner have no port, and are well while they run.
const port = process.env.SIMCITY_PORT;
if (port) {
  const answer = await fetch(`http://127.0.0.1:${port}/readyz`, { signal: AbortSignal.timeout(2_500) }).catch(
    () => null,
  );
  process.exitCode = answer?.ok ? 0 : 1;
}
