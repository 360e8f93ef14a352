/** What an address that the editor was asked to open says, as a link to be recognised: its query comes decoded, once and whole. */
export function textOfAddress({ path, query }: { readonly path: string; readonly query: string }): string {
  return `vscode://touchstone.touchstone${path}${query === '' ? '' : `?${query}`}`;
}
