/** Declarations of functions, methods and classes by their name, in the languages that agents are written in. Linear: the name is literal. */
function pattern(name: string): RegExp {
  const literal = name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return new RegExp(
    [
      // JavaScript, TypeScript, Python, Go, Ruby, Rust, Kotlin, PHP
      String.raw`^[ \t]*(?:(?:export|default|async|public|private|protected|static|pub|override|suspend|abstract)[ \t]+){0,5}(?:function\*?|class|def|func|fn|fun|interface)[ \t]+(?:\([^)\n]{0,200}\)[ \t]*)?(?:self\.)?${literal}\b`,
      // const name = …, name: async (…) =>, a method
      String.raw`^[ \t]*(?:export[ \t]+)?(?:const|let|var)[ \t]+${literal}[ \t]*(?::[^=\n]{0,200})?=`,
      String.raw`^[ \t]*(?:(?:public|private|protected|static|async|override)[ \t]+){0,4}${literal}[ \t]*(?:=|:)?[ \t]*(?:async[ \t]*)?(?:function\b|\([^)\n]{0,300}\)[ \t]*(?::[^{\n]{0,200})?(?:=>|\{))`,
    ].map((one) => `(?:${one})`).join('|'),
    'm',
  );
}

/** The lines (from 1) on which a text declares something of that name. */
export function definitionLines(text: string, name: string): number[] {
  if (!text.includes(name)) return [];
  const wanted = pattern(name);
  const lines: number[] = [];
  text.split('\n').forEach((line, at) => {
    if (line.length < 1000 && line.includes(name) && wanted.test(line)) lines.push(at + 1);
  });
  return lines;
}

/** Names under which the code of a span may be declared: `lookup order` and `lookup-order` are `lookup_order` and `lookupOrder` in a program. */
export function symbolNames(name: string): string[] {
  const words = name.replace(/^(?:execute_tool|invoke_agent|chat|call|run|tool|agent|workflow|task)\s+/i, '').match(/[\p{L}\p{N}_$]+/gu) ?? [];
  if (words.length === 0 || words.length > 6) return [];
  const camel = words.map((word, i) => (i === 0 ? word : word.charAt(0).toUpperCase() + word.slice(1))).join('');
  const candidates = [words.join('_'), camel, camel.charAt(0).toUpperCase() + camel.slice(1)];
  return [...new Set(words.length === 1 ? [words[0] ?? '', ...candidates] : candidates)].filter((candidate) => candidate.length >= 3);
}
