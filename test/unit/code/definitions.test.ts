import { describe, expect, it } from 'vitest';
import { definitionLines, symbolNames } from '../../../src/core/code/definitions.ts';
import { mapPath } from '../../../src/core/code/path-rules.ts';

describe('names of spans', () => {
  it('are names of functions in the styles of programs', () => {
    expect(symbolNames('execute_tool lookup order')).toEqual(['lookup_order', 'lookupOrder', 'LookupOrder']);
    expect(symbolNames('support_agent')).toEqual(['support_agent', 'Support_agent']);
    expect(symbolNames('GET /v1/x y z a b c d')).toEqual([]);
  });
});

describe('declarations', () => {
  it.each([
    ['export async function lookupOrder(id) {', 'lookupOrder'], ['  def lookup_order(self, id):', 'lookup_order'], ['const lookupOrder = async (id) => {', 'lookupOrder'], ['class RefundAgent:', 'RefundAgent'],
    ['  async lookupOrder(id: string): Promise<Order> {', 'lookupOrder'], ['func (s *Server) LookupOrder(id string) {', 'LookupOrder'], ['  lookup_order: async function (x) {', 'lookup_order'],
  ])('%s', (line, name) => {
    expect(definitionLines(`// ${name}\n${line}\n${name}(1);`, name)).toEqual([2]);
  });

  it('are not uses, and end with every text', () => {
    expect(definitionLines('await lookupOrder(id);\nreturn lookupOrder(1)\nimport { lookupOrder } from "./x"', 'lookupOrder')).toEqual([]);
    for (const piece of ['async ', 'public static ', '(', 'const x', '\t']) definitionLines(`${piece.repeat(100)}x\n`.repeat(500), 'x');
  });
});

describe('paths of programs', () => {
  it('lose the roots of containers, and follow rules', () => {
    expect(mapPath('/app/src/agent.py', [])).toBe('src/agent.py');
    expect(mapPath('file:///srv/deploy/api/main.ts', [{ from: '/srv/deploy', to: 'services' }])).toBe('services/api/main.ts');
    expect(mapPath('D:\\src\\a.ts', [])).toBe('D:/src/a.ts');
  });
});
