export async function history(): Promise<string> {
  return '';
}
