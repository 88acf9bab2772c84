export async function ingestion(): Promise<string> {
  return '';
}
