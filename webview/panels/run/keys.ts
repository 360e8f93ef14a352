import type { KeyHelp } from '../../shared/keys-help.tsx';

export const KEYS: readonly KeyHelp[] = [
  [['↑', '↓', '←', '→'], 'Move among cases and cells'],
  [['Page Up', 'Page Down'], 'Move by a page'],
  [['Home', 'End'], 'First and last case'],
  [['a … z'], 'Go to the case whose id begins so'],
  [['Enter'], 'Open the cell, or sort by the column'],
  [['Esc'], 'Close the detail, leave the search'],
  [['F8', 'Shift+F8'], 'Next and previous failing cell'],
  [['/'], 'Search'],
  [['Ctrl+C', '⌘C'], 'Copy the output'],
  [['?'], 'Show these keys'],
];
