import type { KeyHelp } from '../../shared/keys-help.tsx';

export const KEYS: readonly KeyHelp[] = [
  [['↑', '↓'], 'Move among rows'],
  [['→', '←'], 'Open or close a row; to its first row below, to the one above'],
  [['*'], 'Open everything below a row'],
  [['Home', 'End'], 'First and last row'],
  [['Page'], 'A page up or down'],
  [['a–z'], 'To the next name that begins so'],
  [['Enter'], 'Show the span; next match while finding'],
  [['Space'], 'Open or close a row'],
  [['Escape'], 'Close the detail, clear the search, show the whole time'],
  [['/'], 'Find in spans'],
  [['F3', '⇧F3'], 'Next and previous match'],
  [['F8', '⇧F8'], 'Next and previous span that failed'],
  [['+', '−', '0'], 'Zoom in, out, whole trace'],
  [['⇧←', '⇧→'], 'Move the zoomed window'],
  [['Alt ↑', 'Alt ↓'], 'Previous and next sibling'],
  [['Ctrl C'], 'Copy the span as JSON'],
  [['Ctrl G'], 'Add the call to the golden dataset'],
  [['Ctrl Enter'], 'Replay the call'],
];
