import type { VNode } from 'preact';
import arrowDown from '@vscode/codicons/src/icons/arrow-down.svg' with { type: 'text' };
import arrowUp from '@vscode/codicons/src/icons/arrow-up.svg' with { type: 'text' };
import check from '@vscode/codicons/src/icons/check.svg' with { type: 'text' };
import chevronDown from '@vscode/codicons/src/icons/chevron-down.svg' with { type: 'text' };
import chevronRight from '@vscode/codicons/src/icons/chevron-right.svg' with { type: 'text' };
import close from '@vscode/codicons/src/icons/close.svg' with { type: 'text' };
import copy from '@vscode/codicons/src/icons/copy.svg' with { type: 'text' };
import ellipsis from '@vscode/codicons/src/icons/ellipsis.svg' with { type: 'text' };
import error from '@vscode/codicons/src/icons/error.svg' with { type: 'text' };
import goToFile from '@vscode/codicons/src/icons/go-to-file.svg' with { type: 'text' };
import info from '@vscode/codicons/src/icons/info.svg' with { type: 'text' };
import loading from '@vscode/codicons/src/icons/loading.svg' with { type: 'text' };
import search from '@vscode/codicons/src/icons/search.svg' with { type: 'text' };
import warning from '@vscode/codicons/src/icons/warning.svg' with { type: 'text' };

/** The Codicons (CC BY 4.0, Microsoft) that several panels use. Each is inlined by the bundler: no font is loaded. */
const SOURCES = { arrowDown, arrowUp, check, chevronDown, chevronRight, close, copy, ellipsis, error, goToFile, info, loading, search, warning };

export type IconName = keyof typeof SOURCES;

const PATHS = pathsOf(SOURCES);

/** Texts of Codicons as the data of one path each. A panel's own icons are read with it, so that no other panel carries them. */
export function pathsOf<Name extends string>(sources: Readonly<Record<Name, string>>): Readonly<Record<Name, string>> {
  return Object.fromEntries(
    // Several paths of one icon become one: another icon in the same place is then one changed attribute, which rows of a grid count on.
    Object.entries<string>(sources).map(([name, source]) => [name, [...source.matchAll(/<path\b[^>]*?\bd="([^"]+)"/g)].map((match) => match[1]).join('')]),
  ) as Record<Name, string>;
}

/** 16 × 16 in the colour of the text. Without a label it is decoration. */
export function Icon({ name, label, class: className = '' }: { readonly name: IconName; readonly label?: string; readonly class?: string }): VNode {
  return <Glyph path={PATHS[name]} class={className} {...(label === undefined ? {} : { label })} />;
}

export function Glyph({ path, label, class: className = '' }: { readonly path: string; readonly label?: string; readonly class?: string }): VNode {
  return (
    <svg class={`icon ${className}`} viewBox="0 0 16 16" role={label === undefined ? undefined : 'img'} aria-label={label} aria-hidden={label === undefined ? 'true' : undefined}>
      <path d={path} fill-rule="evenodd" />
    </svg>
  );
}
