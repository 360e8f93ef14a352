import { describe, expect, it } from 'vitest';
import { bestMatches, fileNameIn } from '../../../src/core/code/match-path.ts';

const FILES = ['/w/shop/agent/refund.py', '/w/shop/tests/refund.py', '/w/shop/other/agent/refund.py', '/w/shop/main.ts'];

describe('the file that a span means', () => {
  it.each([
    ['/app/shop/agent/refund.py', ['/w/shop/agent/refund.py']],
    ['shop/agent/refund.py', ['/w/shop/agent/refund.py']],
    ['agent/refund.py', ['/w/shop/agent/refund.py', '/w/shop/other/agent/refund.py']],
    ['C:\\build\\tests\\refund.py', ['/w/shop/tests/refund.py']],
    ['file:///srv/other/agent/refund.py', ['/w/shop/other/agent/refund.py']],
    ['webpack://shop/./main.ts?a1b2', ['/w/shop/main.ts']],
    ['./refund.py', ['/w/shop/agent/refund.py', '/w/shop/tests/refund.py', '/w/shop/other/agent/refund.py']],
    ['/usr/lib/python3/site-packages/openai/_client.py', []],
    ['', []],
    ['/', []],
  ])('%s', (file, expected) => {
    expect(bestMatches(file, FILES)).toEqual(expected);
  });

  it('does not climb out by dots', () => {
    expect(bestMatches('../../../etc/refund.py', FILES)).toHaveLength(3);
    expect(fileNameIn('../..//etc/passwd')).toBe('passwd');
    expect(fileNameIn('  ')).toBeNull();
  });
});
