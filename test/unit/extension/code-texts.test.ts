import { describe, expect, it } from 'vitest';
import { isCodeName } from '../../../src/core/code/endings.ts';
import { functionLines } from '../../../src/extension/features/code/function-lines.ts';
import { callsText, lineText } from '../../../src/extension/features/code/wording.ts';

describe('what spans took, beside the code', () => {
  it('is said at the end of a line, without what is not known', () => {
    expect(lineText({ spans: 3, totalMs: 1200, tokens: 1204, cost: 0.0012, errors: 1 })).toBe('×3 · 1.2 s · 1,204 tok · $0.0012 · 1 error');
    expect(lineText({ spans: 1, totalMs: 82, tokens: null, cost: null, errors: 0 })).toBe('82 ms');
    expect(lineText({ spans: 1204, totalMs: 125_000, tokens: 0, cost: 0, errors: 2 })).toBe('×1,204 · 2 m 05 s · 0 tok · $0 · 2 errors');
  });

  it('is said above a function', () => {
    expect(callsText({ calls: 3, p50Ms: 820, errors: 1 })).toBe('3 calls · p50 820 ms · 1 error');
    expect(callsText({ calls: 1, p50Ms: null, errors: 0 })).toBe('1 call');
  });
});

describe('the line over which a traced function has its lens', () => {
  const TEXT = [
    'class Agent {', //                       1
    '  async answer(question) {', //          2
    '    const order = lookup(question);', // 3
    '    return model.ask(order);', //        4
    '  }', //                                 5
    '}', //                                   6
    'function lookup(question) {', //         7
    '  return shop.find(question);', //       8
    '}', //                                   9
  ].join('\n');

  it('is that of its declaration', () => {
    expect(functionLines(TEXT, [{ line: 4, name: 'Agent.answer' }, { line: 8, name: 'lookup' }])).toEqual([2, 7]);
    expect(functionLines(TEXT, [{ line: 4, name: 'Agent.answer [as run]' }])).toEqual([2]);
  });

  it('is the line of the span where several lines of the function made some, or nothing leads to it', () => {
    expect(functionLines(TEXT, [{ line: 3, name: 'answer' }, { line: 4, name: 'answer' }, { line: 8, name: null }, { line: 9, name: '<anonymous>' }])).toEqual([3, 4, 8, 9]);
  });

  it('is found again where the declaration was moved below, and is none where the line is gone', () => {
    expect(functionLines(TEXT, [{ line: 2, name: 'lookup' }])).toEqual([7]);
    expect(functionLines(TEXT, [{ line: 90, name: 'gone' }])).toEqual([null]);
  });
});

describe('files that code runs in', () => {
  it('are told by their ending', () => {
    expect(['agent.py', 'a.b.TSX', 'main.go'].map(isCodeName)).toEqual([true, true, true]);
    expect(['agent.prompt.yml', 'ts', 'data.json', 'notes.pyc'].map(isCodeName)).toEqual([false, false, false, false]);
  });
});
