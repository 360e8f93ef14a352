import { PromptIndex, type IndexedPrompt, type MatchMessage } from '../../src/core/match/prompt-index.ts';
import { seededRandom } from '../../src/core/stats/random.ts';
import { atMost, median, type Benchmark, type Claim } from './benchmark.ts';

/**
 * Which of 2,000 templates rendered a call of 50 KB. The control hashes the call's text once, which is the least that a look at all of
 * it costs.
 */
export const matchBenchmark: Benchmark = { name: 'match', what: 'finding the prompt of a call with 50 KB of text among 2,000 templates', run: ({ quick }) => Promise.resolve(run(quick ? 5 : 31)) };

const TEMPLATES = 2000;
const WORDS = 'ticket refund queue invoice account answer customer order system support reason policy customs delay charge page login error export seat plan member report team'.split(' ');

function run(rounds: number): Claim[] {
  const random = seededRandom(11);
  const word = (): string => WORDS[Math.floor(random() * WORDS.length)] ?? '';
  const text = (words: number): string => Array.from({ length: words }, word).join(' ');
  const templates = Array.from({ length: TEMPLATES }, (_, i): IndexedPrompt => ({
    syntax: 'placeholders',
    // Versions of the same prompt, ten each: most of their text is the same.
    messages: [{ role: 'system', text: `${i % 10 === 0 ? '' : `${text(8)}. `}${shared(Math.floor(i / 10))}\n{{policy}}\n${text(12)}` }, { role: 'user', text: `Subject: {{subject}}\n\n{{body}}\n\nQueue number ${i}:` }],
  }));
  const began = performance.now();
  const index = new PromptIndex();
  templates.forEach((template, i) => index.add(`prompt-${i}`, template));
  console.log(`  ${TEMPLATES} templates indexed in ${(performance.now() - began).toFixed(0)} ms`);
  const times = { exact: [] as number[], edited: [] as number[], foreign: [] as number[], control: [] as number[] };
  let wrong = 0;
  for (let round = 0; round < rounds; round++) {
    const at = Math.floor(random() * TEMPLATES);
    const values: Readonly<Record<string, string>> = { policy: text(4000), subject: text(8), body: text(3200) };
    const call = fill(templates[at], values);
    const edited = call.map(({ role, text: content }) => ({ role, text: content.replace('ticket', 'letter') }));
    times.exact.push(time(() => (index.match(call).matches[0]?.keys.includes(`prompt-${at}`) === true ? 0 : wrong++)));
    times.edited.push(time(() => index.match(edited.map(({ role, text: content }) => ({ role, text: `${content} ` })))));
    times.foreign.push(time(() => index.match([{ role: 'user', text: text(7300) }])));
    times.control.push(time(() => call.map(({ text: content }) => sum(content))));
  }
  for (const [what, all] of Object.entries(times)) console.log(`  ${what.padEnd(8)} ${median(all).toFixed(1)} ms, at most ${Math.max(...all).toFixed(1)} ms`);
  return [
    atMost('templates that were not found', wrong, 0, ''),
    atMost('a call that a template rendered', median(times.exact), 50, ' ms'),
    atMost('a call whose text was edited', median(times.edited), 50, ' ms'),
    atMost('a call of another program', median(times.foreign), 50, ' ms'),
  ];
}

function shared(family: number): string {
  const random = seededRandom(1000 + family);
  return Array.from({ length: 80 }, () => WORDS[Math.floor(random() * WORDS.length)] ?? '').join(' ');
}

function fill(template: IndexedPrompt | undefined, values: Readonly<Record<string, string>>): MatchMessage[] {
  return (template?.messages ?? []).map(({ role, text }) => ({ role, text: text.replace(/\{\{(\w+)\}\}/g, (_, name: string) => values[name] ?? '') }));
}

function time(work: () => unknown): number {
  const start = performance.now();
  work();
  return performance.now() - start;
}

function sum(text: string): number {
  let hash = 0;
  for (let i = 0; i < text.length; i++) hash = (Math.imul(hash, 31) + text.charCodeAt(i)) | 0;
  return hash;
}
