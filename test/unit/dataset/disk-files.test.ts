import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { collectDataset, datasetOfFile } from '../../../src/core/dataset/read.ts';
import { createFileReader, fileStamp, findPromptFiles, isFolder, overlayFiles } from '../../../src/node/files/index.ts';

let root = '';

beforeAll(async () => {
  root = (await mkdtemp(path.join(tmpdir(), 'touchstone-files-'))).replaceAll('\\', '/');
  for (const folder of ['a/b', 'node_modules/x', '.git', 'dist']) await mkdir(path.join(root, folder), { recursive: true });
  const texts: Readonly<Record<string, string | Uint8Array>> = {
    'a/one.prompt.yml': '', 'a/b/two.prompt.yaml': '', 'promptfooconfig.yaml': '', 'a/promptfooconfig.x.yml': '', 'a/other.yml': '', 'node_modules/x/n.prompt.yml': '', '.git/g.prompt.yml': '', 'dist/d.prompt.yml': '',
    'bom.jsonl': '\ufeff{"x":"ä🙂"}\r\n{"x":2}\r\n', 'latin.txt': new Uint8Array([0x61, 0xe4, 0x62]), 'wide.txt': new Uint8Array([0xff, 0xfe, 0x61, 0]), 'a/big.jsonl': '{"x":"🙂äö"}\n'.repeat(30_000),
  };
  for (const [name, text] of Object.entries(texts)) await writeFile(path.join(root, name), text);
});

afterAll(async () => {
  await rm(root, { recursive: true, force: true });
});

async function chunksOf(name: string): Promise<string[]> {
  const chunks: string[] = [];
  for await (const chunk of createFileReader().readChunks(`${root}/${name}`)) chunks.push(chunk);
  return chunks;
}

describe('the disk', () => {
  it('finds prompt files, not those of others', async () => {
    expect(await findPromptFiles(root)).toEqual(['a/b/two.prompt.yaml', 'a/one.prompt.yml', 'a/promptfooconfig.x.yml', 'promptfooconfig.yaml'].map((name) => `${root}/${name}`));
  });

  it('removes a byte order mark, whole and in pieces', async () => {
    expect(await createFileReader().readText(`${root}/bom.jsonl`)).toBe('{"x":"ä🙂"}\r\n{"x":2}\r\n');
    expect((await chunksOf('bom.jsonl')).join('')).toBe('{"x":"ä🙂"}\r\n{"x":2}\r\n');
  });

  it('does not follow a link that leads out of the workspace folder', async () => {
    const elsewhere = await mkdtemp(path.join(tmpdir(), 'touchstone-elsewhere-'));
    try {
      await writeFile(path.join(elsewhere, 'key'), 'secret');
      await symlink(path.join(elsewhere, 'key'), path.join(root, 'note.txt'));
      await symlink(elsewhere, path.join(root, 'folder'));
      await symlink(path.join(root, 'bom.jsonl'), path.join(root, 'inner.jsonl'));
      await symlink(root, path.join(elsewhere, 'alias'));
      const files = createFileReader({ root });
      const refused = { code: 'not-found', message: expect.stringContaining('out of the workspace folder') as string };
      await expect(files.readText(`${root}/note.txt`)).rejects.toMatchObject(refused);
      await expect(files.readBytes(`${root}/folder/key`)).rejects.toMatchObject(refused);
      await expect(files.readChunks(`${root}/note.txt`)[Symbol.asyncIterator]().next()).rejects.toMatchObject(refused);
      expect(await files.readText(`${root}/inner.jsonl`)).toContain('"x":2');
      expect(await files.readText(`${elsewhere}/key`)).toBe('secret');
      expect(await createFileReader({ root: `${elsewhere}/alias` }).readText(`${elsewhere}/alias/bom.jsonl`)).toContain('"x":2');
      await expect(files.readText(`${root}/nothing`)).rejects.toMatchObject({ message: 'There is no such file.' });
    } finally {
      for (const link of ['note.txt', 'folder', 'inner.jsonl']) await rm(path.join(root, link), { force: true });
      await rm(elsewhere, { recursive: true, force: true });
    }
  });

  it('joins characters that pieces cut', async () => {
    const chunks = await chunksOf('a/big.jsonl');
    expect(chunks.length).toBeGreaterThan(3);
    expect(chunks.join('')).toBe('{"x":"🙂äö"}\n'.repeat(30_000));
    const cases = await collectDataset(datasetOfFile(`${root}/a/big.jsonl`), { files: createFileReader(), root });
    expect(cases).toHaveLength(30_000);
    expect(cases.at(-1)?.place.range.start.line).toBe(29_999);
    expect(cases.at(-1)?.id).toMatch(/^[0-9a-f]{12}-30000$/);
  });

  it.each([
    ['none.txt', 'not-found', /no such file/], ['a', 'not-found', /folder/], ['latin.txt', 'usage', /not UTF-8/], ['wide.txt', 'usage', /UTF-16/],
  ])('says why it cannot read %s', async (name, code, message) => {
    const expected = { code, message: expect.stringMatching(message) as string, place: { file: `${root}/${name}` } };
    await expect(createFileReader().readText(`${root}/${name}`)).rejects.toMatchObject(expected);
    await expect(chunksOf(name)).rejects.toMatchObject(expected);
  });

  it('reads no file whole that is larger than the limit, but streams it', async () => {
    await expect(createFileReader({ maxBytes: 1000 }).readText(`${root}/a/big.jsonl`)).rejects.toMatchObject({ code: 'usage', message: expect.stringContaining('streamed') as string });
  });

  it('does not follow links out of a folder', async () => {
    await symlink(tmpdir(), path.join(root, 'a/link'));
    expect((await createFileReader().glob('**/*', `${root}/a`)).filter((file) => file.includes('/link/'))).toEqual([]);
  });

  it('knows files, folders and changes', async () => {
    const files = createFileReader();
    expect([await files.isFile(`${root}/a`), await files.isFile(`${root}/bom.jsonl`), await isFolder(`${root}/a`), await isFolder(`${root}/none`)]).toEqual([false, true, true, false]);
    const before = await fileStamp(`${root}/a/other.yml`);
    await writeFile(path.join(root, 'a/other.yml'), 'changed');
    expect(await fileStamp(`${root}/a/other.yml`)).not.toBe(before);
    expect(await fileStamp(`${root}/none`)).toBeNull();
  });

  it('lies unsaved texts over files', async () => {
    const files = overlayFiles(createFileReader(), [{ path: `${root}/bom.jsonl`, text: '\ufeff{"x":"unsaved"}' }, { path: `${root}/a/new.prompt.yml`, text: 'n' }]);
    expect(await files.readText(`${root}/bom.jsonl`)).toBe('{"x":"unsaved"}');
    expect((await collectDataset(datasetOfFile(`${root}/bom.jsonl`), { files, root })).map(({ vars }) => vars)).toEqual([{ x: 'unsaved' }]);
    expect(await files.glob('**/*.prompt.yml', `${root}/a`)).toEqual([`${root}/a/new.prompt.yml`, `${root}/a/one.prompt.yml`]);
    expect([await files.isFile(`${root}/a/new.prompt.yml`), await files.readText(`${root}/a/other.yml`)]).toEqual([true, 'changed']);
    expect(new TextDecoder().decode(await files.readBytes(`${root}/a/new.prompt.yml`))).toBe('n');
  });
});
