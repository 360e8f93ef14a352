/**
 * A text that VS Code shows as it is. It makes a link of `[text](command:…)` in messages, and runs the command when somebody clicks it:
 * names, answers of servers and links come from strangers.
 */
export function plainText(text: string): string {
  return text.replaceAll('](', '] (');
}
