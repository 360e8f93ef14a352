import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WorkspaceCode } from '../../../src/node/code/workspace-code.ts';

let outside = '';
let root = '';
beforeEach(() => {
  outside = mkdtempSync(join(tmpdir(), 'touchstone-code-'));
  root = join(outside, 'workspace');
  mkdirSync(join(root, 'src'), { recursive: true });
  writeFileSync(join(outside, 'secret.js'), 'function secret() {}\n');
  writeFileSync(join(root, 'src/app.js'), 'function app() {}\n');
});
afterEach(() => rmSync(outside, { recursive: true, force: true }));

const never = new AbortController().signal;

describe('the code of a workspace', () => {
  it('ends at its folder, whatever path a trace names and wherever a link leads', async () => {
    symlinkSync(join(outside, 'secret.js'), join(root, 'src/link.js'));
    symlinkSync(outside, join(root, 'up'));
    const code = new WorkspaceCode(root);
    for (const path of [`${root}/../secret.js`, '../secret.js', 'src/link.js', `${root}/up/secret.js`, 'up/secret.js', '..', '/app/../..', join(outside, 'secret.js'), '*', '**', 'src/']) expect(await code.files(path, []), path).toEqual([]);
    expect(await code.files('/app/src/app.js', [])).toEqual([join(root, 'src/app.js')]);
    expect([await code.text(`${root}/../secret.js`), await code.text(join(root, 'src/link.js')), await code.text(join(root, 'src'))]).toEqual([null, null, null]);
    expect(await code.definitions(['secret'], 10, never)).toEqual([]);
    expect(await code.definitions(['app'], 10, never)).toEqual([{ file: join(root, 'src/app.js'), line: 1, column: null }]);
  });

  it('is found by the ends of paths, also of names that look like patterns, and also when it is new', async () => {
    mkdirSync(join(root, 'pages'));
    mkdirSync(join(root, 'node_modules/x'), { recursive: true });
    for (const path of ['pages/[id].js', 'src/[id].js', 'node_modules/x/[id].js']) writeFileSync(join(root, path), '');
    const code = new WorkspaceCode(root);
    expect(await code.files('/deploy/7/pages/[id].js', [])).toEqual([join(root, 'pages/[id].js')]);
    expect(await code.files('/deploy/7/[id].js', [])).toEqual([join(root, 'src/[id].js'), join(root, 'pages/[id].js')]);
    expect(await code.files('/deploy/7/late.js', [])).toEqual([]);
    writeFileSync(join(root, 'src/late.js'), '');
    await expect.poll(() => code.files('/deploy/7/late.js', [])).toEqual([join(root, 'src/late.js')]);
  });

  it.each([
    ['an address that is none', '%E0%A4%A', null],
    ['no JSON', 'built.js.map', '{'],
    ['no mappings', 'built.js.map', '{"version":3,"sources":["src/app.js"]}'],
    ['mappings of nothing', 'built.js.map', '{"version":3,"sources":[null],"names":[],"mappings":"AAAA"}'],
    ['a line before the first', 'built.js.map', '{"version":3,"sources":["src/app.js"],"names":[],"mappings":"AADA"}'],
    ['a source outside', 'built.js.map', '{"version":3,"sources":["../secret.js"],"names":[],"mappings":"AAAA"}'],
    ['a map outside', '../secret.js', null],
  ])('takes a source map for no more than it is: %s', async (_, named, map) => {
    const file = join(root, 'built.js');
    writeFileSync(file, `app();\n//# sourceMappingURL=${named}\n`);
    if (map !== null) writeFileSync(`${file}.map`, map);
    expect(await new WorkspaceCode(root).original({ file, line: 1, column: 1 })).toBeNull();
  });

  it('follows a source map that is right', async () => {
    const file = join(root, 'built.js');
    writeFileSync(file, 'app();\n//# sourceMappingURL=built.js.map\n');
    writeFileSync(`${file}.map`, '{"version":3,"sources":["src/app.js"],"names":[],"mappings":"AAAA"}');
    expect(await new WorkspaceCode(root).original({ file, line: 1, column: 1 })).toEqual({ file: join(root, 'src/app.js'), line: 1, column: 1 });
  });
});
