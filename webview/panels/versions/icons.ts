import check from '@vscode/codicons/src/icons/check.svg' with { type: 'text' };
import compare from '@vscode/codicons/src/icons/git-compare.svg' with { type: 'text' };
import diff from '@vscode/codicons/src/icons/diff.svg' with { type: 'text' };
import discard from '@vscode/codicons/src/icons/discard.svg' with { type: 'text' };
import { pathsOf } from '../../controls/icon.tsx';

/** The Codicons that only this panel uses. */
export const ICONS = pathsOf({ check, compare, diff, discard });
