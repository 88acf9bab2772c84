export async function wholeRun(): Promise<string> {
  return '';
}
