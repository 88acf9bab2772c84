/** What is used of a package that has no types of its own. */
declare module 'dockerfilelint' {
  const linter: { run(folder: string, text: string): { title: string; line: number; rule: string }[] };
  export default linter;
}
