/** How a command line gives values to variables: `--var plan=TEXT --var subject=TEXT`. */
export function varOptions(names: readonly string[]): string {
  return names.map((name) => `--var ${name}=TEXT`).join(' ');
}
