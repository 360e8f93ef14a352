import type { KeyHelp } from '../../shared/keys-help.tsx';

export const KEYS: readonly KeyHelp[] = [
  [['↑', '↓'], 'Move among cases, and up to the columns'],
  [['Page Up', 'Page Down'], 'Move by a page'],
  [['Home', 'End'], 'First and last case'],
  [['a … z'], 'Go to the case whose id begins so'],
  [['Enter'], 'Open the case, or sort by the column'],
  [['F8', 'Shift+F8'], 'Next and previous case'],
  [['1', '2', '3'], 'Verdict: left, tie, right; again takes it back'],
  [['b'], 'Judge blinded, or with names'],
  [['Shift+Enter'], 'Accept as expected'],
  [['Ctrl+C', '⌘C'], 'Copy both outputs'],
  [['/'], 'Search'],
  [['Esc'], 'Close the detail, leave the search'],
  [['?'], 'Show these keys'],
];
