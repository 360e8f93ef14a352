/** Names and texts of the benchmark of the editor; also loaded inside the extension host, so without anything of Node's. */

/** The extension beside which ours is measured: it does nothing, in as many steps. */
export const CONTROL = { id: 'bench.control', openPanel: 'Bench: Open Empty Panel' } as const;

/** A prompt file as people grow them: long instructions, a dialogue as example, hundreds of cases in the file itself. */
export function longPrompt(lines: number): string {
  const text = ['name: Ticket desk', 'description: Answers tickets', 'model: echo', 'modelParameters:', '  temperature: 0', '  maxTokens: 400', 'messages:', '  - role: system', '    content: |-'];
  for (let at = 0; at < 200; at++) text.push(`      ${at + 1}. When a {{plan}} customer writes about topic ${at + 1}, name the page of the manual and stay under ${20 + (at % 30)} words.`);
  for (let at = 0; at < 20; at++) text.push(`  - role: ${at % 2 === 0 ? 'user' : 'assistant'}`, '    content: |-', `      Example ${at + 1}: invoice ${at * 7} has the wrong address.`);
  text.push('  - role: user', '    content: |-', '      Plan: {{plan}}', '      {{body}}', 'assert:', '  - { type: contains, value: "{{expected}}" }', '  - { type: regex, value: "^[A-Z]" }', 'golden:');
  for (let at = 0; text.length < lines; at++) {
    const item = [`  - id: case-${at + 1}`, `    plan: ${at % 2 === 0 ? 'Pro' : 'Free'}`, `    expected: invoice ${100_000 + at}`, `    tags: [${at % 3 === 0 ? 'hard' : 'easy'}]`, '    body: |-', ...ticket(at).split('\n').map((line) => `      ${line}`)];
    // Comments fill the rest, so that no case is cut.
    if (text.length + item.length <= lines) text.push(...item);
    else text.push(`  # line ${text.length + 1}`);
  }
  return `${text.join('\n')}\n`;
}

export function ticket(at: number): string {
  return `Hello, invoice ${100_000 + at} shows ${1 + (at % 9)} seats although we have ${2 + (at % 5)} in the office.\nCould you ${at % 11 === 0 ? 'refund the difference' : 'look into it'} before the end of the month?`;
}
