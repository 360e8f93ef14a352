import { clip } from '../../core/text/clip.ts';

/** UTF-16 units of a tab's title: VS Code makes a tab as wide as its title is, and one that fills the window leaves no room for its own cross. */
const LONGEST = 80;

/** The title of a tab for a name of any length. */
export function tabTitle(name: string): string {
  return name.length <= LONGEST ? name : `${clip(name, LONGEST - 1).trimEnd()}…`;
}
