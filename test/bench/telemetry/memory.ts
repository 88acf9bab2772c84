export async function memory(): Promise<string> {
  return '';
}
