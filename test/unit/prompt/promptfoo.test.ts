import { describe, expect, it } from 'vitest';
import { readPromptFile } from '../../../src/core/prompt/formats.ts';
import type { PromptFile } from '../../../src/core/prompt/model.ts';
import { renderPrompt } from '../../../src/core/prompt/render.ts';
import { memoryFiles } from './memory-files.ts';
import { covered } from './places.ts';

const PATH = '/w/evals/promptfooconfig.yaml';
const HEAD = 'providers: [echo]\nprompts: ["{{q}}"]\n';

async function read(text: string, others: Readonly<Record<string, string>> = {}): Promise<PromptFile> {
  return readPromptFile(PATH, { files: memoryFiles({ ...others, [PATH]: text }), root: '/w' });
}

async function findings(text: string, others: Readonly<Record<string, string>> = {}): Promise<string[]> {
  const all: Readonly<Record<string, string>> = { ...others, [PATH]: text };
  const { diagnostics } = await read(text, others);
  return diagnostics.map(({ severity, code, range, file }) => `${severity} ${code}: ${covered(all[file ?? PATH] ?? '', range)}${file === undefined ? '' : ` (${file})`}`);
}

async function prompts(entry: string, others: Readonly<Record<string, string>> = {}): Promise<unknown[]> {
  const file = await read(`providers: [echo]\nprompts: ${entry}\n`, others);
  expect(file.diagnostics.filter(({ severity }) => severity !== 'information')).toEqual([]);
  return file.prompts.map(({ template, source, filterNames }) => [filterNames?.[0], template ?? source]);
}

describe('prompts of a promptfoo config', () => {
  it('names prompts so that they can be told from those of another config', async () => {
    const names = async (text: string): Promise<string[]> => (await read(`providers: [echo]\n${text}`)).prompts.map(({ name }) => name);
    expect(await names('description: Is it urgent?\nprompts: ["a {{q}}", { label: short, raw: "b {{q}}" }]\n')).toEqual(['1 · Is it urgent?', 'short · Is it urgent?']);
    expect(await names('description: Is it urgent?\nprompts: ["a {{q}}"]\n')).toEqual(['Is it urgent?']);
    expect(await names('prompts: ["a {{q}}"]\n')).toEqual(['evals/promptfooconfig']);
  });

  it('reads texts, labels, ids and what prompts hold themselves', async () => {
    const { prompts: read_ } = await read(`providers: [echo]
prompts:
  - "one {{q}}"
  - { id: chat, label: "chat:v3", raw: '[{"role":"system","content":"S"},{"role":"user","content":"{{q}}"}]', config: { temperature: 0.1, response_format: { type: json_object }, tools: [{ type: function, function: { name: f } }], tool_choice: auto, other: 1 } }
`);
    expect(read_.map(({ id, name, filterNames }) => [id, name, filterNames])).toEqual([
      ['evals/promptfooconfig#1', '1 · evals/promptfooconfig', ['one {{q}}']],
      ['evals/promptfooconfig#chat:v3', 'chat:v3 · evals/promptfooconfig', ['chat:v3', 'chat']],
    ]);
    expect(read_[1]).toMatchObject({
      messages: [{ role: 'system', content: 'S' }, { role: 'user', content: '{{q}}' }],
      parameters: { temperature: 0.1, extra: { other: 1 } }, responseFormat: { type: 'json_object' }, tools: [{ name: 'f' }], toolChoice: 'auto',
    });
  });

  it('reads prompts from files of every kind', async () => {
    const files = {
      '/w/evals/p/two.txt': 'first\nline\n---\nsecond {{q}}\n---\n', '/w/evals/p/m.md': '# M {{q}}', '/w/evals/p/t.j2': 'T', '/w/evals/p/c.json': '[{"role":"user","content":"{{q}}"}]',
      '/w/evals/p/l.jsonl': '[{"role":"user","content":"a"}]\n[{"role":"user","content":"b"}]\n', '/w/evals/p/y.yaml': '- role: user\n  content: "{{q}}"\n', '/w/evals/p/s.csv': 'prompt,label\n"a, b",A\nc,\n',
      '/w/evals/p/f.js': 'module.exports = () => 1', '/w/evals/p/f.py': 'def go(): pass', '/w/evals/p/plain.csv': 'x\ny\n',
    };
    expect(await prompts('[file://p/two.txt, p/m.md, file://p/t.j2]', files)).toEqual([['p/two.txt: first\nline', 'first\nline'], ['p/two.txt: second {{q}}', 'second {{q}}'], ['p/m.md: # M {{q}}', '# M {{q}}'], ['p/t.j2: T', 'T']]);
    expect(await prompts('[file://p/c.json, file://p/y.yaml]', files)).toEqual([['p/c.json: [{"role":"user","content":"{{q}}"}]', files['/w/evals/p/c.json']], ['p/y.yaml: - role: user\n  content: "{{q}}"\n', files['/w/evals/p/y.yaml']]]);
    expect(await prompts('[file://p/l.jsonl, file://p/s.csv, file://p/plain.csv]', files)).toEqual([
      ['p/l.jsonl: [{"role":"user","content":"a"}]', '[{"role":"user","content":"a"}]'], ['p/l.jsonl: [{"role":"user","content":"b"}]', '[{"role":"user","content":"b"}]'],
      ['A', 'a, b'], ['p/s.csv: c', 'c'], ['p/plain.csv: x', 'x'], ['p/plain.csv: y', 'y'],
    ]);
    expect(await prompts('[file://p/f.js, "file://p/f.py:go", "exec:python x.py"]', files)).toEqual([
      ['p/f.js', expect.objectContaining({ file: '/w/evals/p/f.js', language: 'javascript', baseDir: '/w/evals' })],
      ['p/f.py:go', expect.objectContaining({ file: '/w/evals/p/f.py', language: 'python', export: 'go' })],
      ['exec:python x.py', { file: 'python x.py', language: 'command', baseDir: '/w/evals' }],
    ]);
    expect((await prompts('[file://p/*.md, file://p/t*]', files)).map((one) => (one as unknown[])[1])).toEqual(['# M {{q}}', 'T', 'first\nline', 'second {{q}}']);
    expect(await prompts('{ p/m.md: labelled }', files)).toEqual([['labelled', '# M {{q}}']]);
    expect(await prompts('p/m.md', files)).toHaveLength(1);
    expect(await prompts('[file://p]', { '/w/evals/p/a.txt': 'A', '/w/evals/p/b.txt': 'B' })).toHaveLength(2);
  });

  it('knows the exact places of variables in texts of the config', async () => {
    const text = 'providers: [echo]\nprompts:\n  - |\n    Hello {{ name | upper }},\n    {% for item in items %}{{ item.x }}{{ name }}{% endfor %}\n';
    const { prompts: [prompt] } = await read(text);
    expect(prompt?.variables.map(({ name, ranges }) => [name, ranges.map((range) => covered(text, range))])).toEqual([['name', ['name', '{{ name }}']], ['items', ['items']]]);
  });

  it.each([
    ['prompts: ["langfuse://triage@production"]', 'error prompt-remote: "langfuse://triage@production"'],
    ['prompts: [file://gone.txt]', 'error file-missing: file://gone.txt'],
    ['prompts: [prompt.txt]', 'error file-missing: prompt.txt'],
    ['prompts: [file://../../secret.txt]', 'error outside-workspace: file://../../secret.txt'],
    ['prompts: [{ id: a, prompt: text }]', 'error prompt-key: text'],
    ['prompts: [{ label: a }]', 'error prompts: { label: a }'],
    ['prompts: [7]', 'error prompts: 7'],
    ['prompts: []', 'error prompts: prompts'],
    ['description: none', 'error prompts: providers: [echo]'],
    ['prompts: [file://empty.txt]', 'error prompt-file: file://empty.txt'],
    ['prompts: [file://x.docx]', 'error prompt-file: file://x.docx'],
    ['prompts: ["{{ _conversation }}"]', 'error conversation: "{{ _conversation }}"'],
  ])('refuses %s', async (line, expected) => {
    const text = `providers: [echo]\n${line}\n`;
    expect(await findings(text, { '/w/evals/empty.txt': '\n---\n', '/w/evals/x.docx': 'x', '/secret.txt': 'secret' })).toContain(expected);
  });
});

describe('providers of a promptfoo config', () => {
  it('reads ids, options, files and filters', async () => {
    const { prompts: [one, two], diagnostics } = await read(
      'env: { BASE: "http://h" }\nprompts: [{ raw: a, label: "g:x" }, { raw: b, label: y }]\nproviders:\n  - openai:gpt-4o\n  - { id: exec:x, label: L, config: { url: "{{env.BASE}}/v1 {{env.OTHER}}" }, prompts: [g] }\n  - openai:o3: { config: { a: 1 } }\n  - file://more.yaml\n  - file://own.js\n',
      { '/w/evals/more.yaml': '- id: echo\n  label: E\n' },
    );
    expect(diagnostics).toEqual([]);
    expect(one?.models).toMatchObject([
      { id: 'openai:gpt-4o', baseDir: '/w/evals' }, { id: 'exec:x', label: 'L', config: { url: 'http://h/v1 {{env.OTHER}}' } }, { id: 'openai:o3', config: { a: 1 } }, { id: 'echo', label: 'E' }, { id: 'file://own.js', baseDir: '/w/evals' },
    ]);
    expect(two?.models.map(({ id }) => id)).toEqual(['openai:gpt-4o', 'openai:o3', 'echo', 'file://own.js']);
  });

  it.each([
    ['prompts: [a]\nproviders: [echo]\ntargets: [echo]\n', 'error providers: targets'],
    ['prompts: [a]\nproviders: [{ label: x, config: {} }]\n', 'error providers: { label: x, config: {} }'],
    ['prompts: [a]\nproviders: [{ id: echo, transform: output }]\n', 'error providers: output'],
    ['prompts: [a]\nproviders: [file://none.yaml]\n', 'error file-missing: file://none.yaml'],
    ['prompts: [a]\n', 'warning model-missing: prompts: [a]'],
  ])('tells what is wrong in %j', async (text, expected) => {
    expect(await findings(text)).toEqual([expected]);
  });
});

describe('tests of a promptfoo config', () => {
  it('reads them from files of every kind, in order, with their places', async () => {
    const files = {
      '/w/evals/t/a.yaml': '- vars: { q: yaml }\n  assert: [{ type: equals, value: x }]\n- file://t/b.jsonl\n',
      '/w/evals/t/b.jsonl': '{"vars":{"q":"jsonl"},"metadata":{"tags":["hard","long"]}}\n\n{"vars":{"q":["x","y"]}}\n',
      '/w/evals/t/c.json': '[{"vars":{"q":"json"},"description":"d"}]',
      '/w/evals/t/d.csv': '\ufeffq,__expected\r\ncsv,contains:c\r\n'.slice(1),
      '/w/evals/v.yaml': 'q: from file\n',
    };
    const { prompts: [prompt], diagnostics, dependencies } = await read(`${HEAD}tests:\n  - file://t/a.yaml\n  - vars: { q: inline }\n  - t/c.json\n  - file://t/d.csv\n  - vars: file://v.yaml\n`, files);
    expect(diagnostics).toEqual([]);
    const cases = prompt?.dataset.inline ?? [];
    expect(cases.map(({ vars }) => vars['q'])).toEqual(['yaml', 'jsonl', 'x', 'y', 'inline', 'json', 'csv', 'from file']);
    expect(cases.map(({ place }) => `${place.file.slice('/w/evals/'.length)}:${place.range.start.line + 1}`)).toEqual(['t/a.yaml:1', 't/b.jsonl:1', 't/b.jsonl:3', 't/b.jsonl:3', 'promptfooconfig.yaml:5', 't/c.json:1', 't/d.csv:2', 'promptfooconfig.yaml:8']);
    expect(cases[1]?.tags).toEqual(['hard', 'long']);
    expect(dependencies).toEqual(Object.keys(files).sort());
    expect(new Set(cases.map(({ id }) => id)).size).toBe(cases.length);
  });

  it('depends on the files of its checks, and misses those that are not there', async () => {
    const files = { '/w/evals/check.mjs': 'export const ok = () => true;', '/w/evals/schema.json': '{}', '/w/evals/rubric.txt': 'R', '/w/evals/shape.js': 'output' };
    const text = `${HEAD}defaultTest:\n  assert: [{ type: javascript, value: 'file://check.mjs:ok' }]\ntests:\n  - vars: { q: a }\n    options: { transform: file://shape.js }\n    assert:\n      - type: assert-set\n        assert: [{ type: is-json, value: file://schema.json }, { type: llm-rubric, value: x, rubricPrompt: file://rubric.txt }]\n`;
    const { diagnostics, dependencies } = await read(text, files);
    expect([diagnostics, dependencies]).toEqual([[], Object.keys(files).sort()]);
    const missing = await read(text.replace('file://schema.json', 'file://../../../etc/passwd').replace('check.mjs:ok', 'gone.mjs:ok'), files);
    expect(missing.diagnostics.map(({ severity, message, range }) => [severity, message, range.start.line + 1])).toEqual([
      ['error', 'there is no file file://gone.mjs:ok', 4], ['error', 'file://../../../etc/passwd lies outside of the workspace folder and is not read', 10],
    ]);
  });

  it('loads values from files, and varies patterns and lists', async () => {
    const files = { '/w/evals/v/a.txt': ' A \n', '/w/evals/v/b.txt': 'B', '/w/evals/v/d.yaml': 'k: [1]\n', '/w/evals/v/i.png': 'PNG' };
    const { prompts: [prompt] } = await read(`${HEAD}tests:\n  - vars: { q: "file://v/*.txt", d: file://v/d.yaml, i: file://v/i.png, n: [1, 2] }\n`, files);
    expect(prompt?.dataset.inline.map(({ vars }) => vars)).toEqual([
      { q: 'A', d: '{"k":[1]}', i: 'data:image/png;base64,UE5H', n: [1, 2] },
      { q: 'B', d: '{"k":[1]}', i: 'data:image/png;base64,UE5H', n: [1, 2] },
    ]);
  });

  it('lays defaults from a file under every test', async () => {
    const { prompts: [prompt], runDefaults } = await read(
      `${HEAD}defaultTest: file://d.yaml\ntests: [{ vars: { q: 1 }, options: { suffix: S }, prompts: ['{{q}}'], providers: [echo], providerOutput: canned }]\nevaluateOptions: { maxConcurrency: 2, repeat: 3, cache: false, timeoutMs: 50 }\nderivedMetrics: [{ name: f, value: a + b }]\ntags: { team: x }\n`,
      { '/w/evals/d.yaml': 'vars: { z: 0 }\nthreshold: 0.4\nmetadata: { m: 1 }\noptions: { prefix: P }\nassert: [{ type: contains, value: "{{q}}" }]\n' },
    );
    expect(prompt).toMatchObject({ threshold: 0.4, assertions: [{ type: 'contains', value: '{{q}}', baseDir: '/w/evals' }], derivedMetrics: [{ name: 'f', value: 'a + b' }], metadata: { tags: { team: 'x' } } });
    expect(prompt?.dataset.inline).toMatchObject([{ vars: { z: 0, q: 1 }, metadata: { m: 1 }, options: { prefix: 'P', suffix: 'S' }, prompts: ['{{q}}'], models: ['echo'], recordedOutput: 'canned' }]);
    expect(runDefaults).toEqual({ concurrency: 2, repeat: 3, cache: false, timeoutMs: 50 });
  });

  it('sends a config without tests once', async () => {
    expect((await read(`${HEAD}defaultTest: { vars: { q: d } }\n`)).prompts[0]?.dataset.inline.map(({ vars }) => vars)).toEqual([{ q: 'd' }]);
  });

  it('leaves braces in values alone, also from files', async () => {
    const { prompts: [prompt] } = await read(`${HEAD}env: { KEY: k1 }\ntests: [{ vars: { q: file://h.txt } }]\n`, { '/w/evals/h.txt': '{{env.KEY}} {{q}} {% raw %}' });
    const item = prompt?.dataset.inline[0];
    expect(prompt && item && renderPrompt(prompt, item).promptText).toBe('{{env.KEY}} {{q}} {% raw %}');
  });

  it.each([
    ['tests: [file://none.yaml]', 'error file-missing: file://none.yaml'],
    ['tests: file://gen.py', 'error tests-program: file://gen.py'],
    ['tests: [{ path: "file://gen.js:make", config: {} }]', 'error tests-program: { path: "file://gen.js:make", config: {} }'],
    ['tests: ["huggingface://datasets/x"]', 'error tests-remote: "huggingface://datasets/x"'],
    ['tests: [file://loop.yaml]', 'error tests-circle: file://loop.yaml (/w/evals/loop.yaml)'],
    ['tests: [file://bad.jsonl]', 'error json: } (/w/evals/bad.jsonl)'],
    ['tests: [file://bad.csv]', 'error csv-columns: 1,2,3 (/w/evals/bad.csv)'],
    ['tests: [file://bad.yaml]', 'error yaml: ] (/w/evals/bad.yaml)'],
    ['tests: [file://t.xlsx]', 'error tests-file: file://t.xlsx'],
    ['tests: [5]', 'error test: 5'],
    ['tests: [{ vars: 5 }]', 'error test-vars: 5'],
    ['tests: [{ vars: { q: file://p.py } }]', 'error var-program: file://p.py'],
    ['tests: [{ assert: { type: equals } }]', 'error assertion: { type: equals }'],
    ['tests: [{ assert: [{ value: 1 }] }]', 'error assertion: { value: 1 }'],
    ['tests: [{ assert: [{ $ref: "#/assertionTemplates/none" }] }]', 'error assertion-template: "#/assertionTemplates/none"'],
    ['tests: [{ assert: [{ type: equals, value: 1, weight: -1 }] }]', 'error assertion: -1'],
    ['tests: [{ assertScoringFunction: file://s.js }]', 'error test: file://s.js'],
    ['tests: [{ options: { storeOutputAs: x } }]', 'error case-options: x'],
    ['tests: [{ provider: other }]', 'error test-filter: { provider: other }'],
    ['tests: [{ prompts: [other] }]', 'error test-filter: { prompts: [other] }'],
    ['tests: [{ vars: { x: 1 } }]', 'information unknown-variable: {{q}}'],
    ['tests: [{ assertions: [] }]', 'warning unknown-key: []'],
    ['scenarios: [{ tests: [] }]', 'error scenario: { tests: [] }'],
    ['scenarios: [5]', 'error scenario: 5'],
    ['nunjucksFilters: { up: ./up.js }', 'error unsupported-key: nunjucksFilters'],
    ['extensions: ["file://x:y"]', 'error unsupported-key: extensions'],
    ['redteam: { plugins: [x] }', 'warning unsupported-key: redteam'],
    ['outputPath: x.json', 'information unsupported-key: outputPath'],
    ['evaluateOptions: { maxConcurrency: 0 }', 'error evaluate-options: 0'],
    ['derivedMetrics: [{ name: x }]', 'error derived-metrics: { name: x }'],
    ['env: { OPENAI_API_KEY: sk-123 }', 'warning secret: sk-123'],
    ['nonsense: 1', 'warning unknown-key: nonsense'],
  ])('names what it does not do: %s', async (line, expected) => {
    const files = {
      '/w/evals/loop.yaml': '- file://loop.yaml\n', '/w/evals/bad.jsonl': '{"vars":}\n', '/w/evals/bad.csv': 'a,b\n1,2,3\n', '/w/evals/bad.yaml': '- a: ]\n', '/w/evals/t.xlsx': 'x', '/w/evals/p.py': 'x', '/w/evals/gen.py': 'x',
    };
    expect(await findings(`${HEAD}${line}\n`, files)).toContain(expected);
  });
});
