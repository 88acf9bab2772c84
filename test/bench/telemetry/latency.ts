export async function latency(): Promise<string> {
  return '';
}
