import * as vscode from 'vscode';
import { URLS } from '../../core/config/backends.ts';
import { SOURCE_TYPES, type SourceType } from '../../core/config/model.ts';
import type { NewSource, RemoteSource, SourceTest } from '../../protocol/remote.ts';
import type { FolderEngine } from '../engine/folder-engine.ts';
import { showInformation, showWarning } from '../messages.ts';
import { withProgress } from '../progress.ts';
import { showInputBox, showQuickPick } from '../questions.ts';
import type { Services } from '../services.ts';
import { KeptConsent } from './kept-consent.ts';
import { sourceHost, sourceLabel } from './source-wording.ts';

type Field = 'project' | 'tenant' | 'datasource' | 'database' | 'table';

/** What a type is asked for beside its address; what is left empty is not written. */
const FIELDS: Readonly<Partial<Record<SourceType, readonly Field[]>>> = {
  jaeger: ['project'], phoenix: ['project'], weave: ['project'], opik: ['tenant', 'project'], tempo: ['datasource', 'tenant'], clickhouse: ['database', 'table'],
};

/**
 * *Add Source…*: type, address, keys; the connection is tested, and a failure explained, before touchstone.yml names it. Keys go to
 * VS Code's SecretStorage, for this host alone. Resolves to the source's name, `undefined`: it was not added.
 */
export async function addSource(services: Services, engine: FolderEngine, suggestion?: NewSource): Promise<string | undefined> {
  const title = vscode.l10n.t('Add Source');
  const entry = await askEntry(services, engine, title, suggestion);
  if (!entry) return undefined;
  const source = await engine.request('remote/describe', { entry });
  const before = new KeptConsent(services, source.type === 'sqlite' ? null : new URL(source.url).origin);
  let isAdded = false;
  try {
    const { isComplete } = await askKeys(services, source, title, before);
    const tested = isComplete ? await decide(services, engine, entry, before) : null;
    if (tested === null) return undefined;
    await engine.request('remote/add', { entry });
    isAdded = true;
    if (tested.ok) void showInformation(vscode.l10n.t('Source "{0}" is added to touchstone.yml. {1}', entry.name, tested.message));
    return entry.name;
  } finally {
    if (!isAdded) await before.restore();
    services.remotes.refresh();
  }
}

/** Asks for the keys of a source that is there. Resolves to whether one was set. */
export async function setKeys(services: Services, source: RemoteSource): Promise<boolean> {
  const { names } = await askKeys(services, source, vscode.l10n.t('Set Key of {0}', source.name));
  return names.length > 0;
}

export function testSource(engine: FolderEngine, asked: { readonly source: string } | { readonly entry: NewSource }): Promise<SourceTest> {
  return withProgress(vscode.l10n.t('Testing the connection'), (signal) => engine.request('remote/test', asked, signal));
}

async function askEntry({ remotes }: Services, engine: FolderEngine, title: string, suggestion: NewSource | undefined): Promise<NewSource | undefined> {
  const type = suggestion?.type ?? (await showQuickPick(SOURCE_TYPES.map((candidate) => ({ label: sourceLabel(candidate), description: candidate === 'sqlite' ? vscode.l10n.t('a touchstone.db that others write') : URLS[candidate], candidate })), { title, placeHolder: vscode.l10n.t('Which tool keeps the traces') }))?.candidate;
  if (type === undefined) return undefined;
  const place = type === 'sqlite' ? await askPath(title) : await askUrl(title, suggestion?.url ?? URLS[type]);
  if (place === undefined) return undefined;
  const fields: Partial<Record<Field, string>> = {};
  for (const field of FIELDS[type] ?? []) {
    const value = await showInputBox({ title, prompt: fieldPrompt(type, field), value: suggestion?.[field] ?? '' });
    if (value === undefined) return undefined;
    if (value.trim() !== '') fields[field] = value.trim();
  }
  const taken = new Set((await remotes.listed(engine)).map(({ name }) => name));
  const name = await showInputBox({
    title,
    prompt: vscode.l10n.t('A name for it, as touchstone.yml and the views show it'),
    value: suggestion?.name ?? unused(type, taken),
    validateInput: (text) => (text.trim() === '' ? vscode.l10n.t('Type a name.') : taken.has(text.trim()) ? vscode.l10n.t('There is a source of this name.') : undefined),
  });
  if (name === undefined) return undefined;
  return { ...suggestion, name: name.trim(), type, ...place, ...fields };
}

async function askUrl(title: string, value: string): Promise<{ readonly url: string } | undefined> {
  const url = await showInputBox({
    title, value,
    prompt: vscode.l10n.t('Where its interface is asked'),
    validateInput: (text) => (/^https?:\/\//i.test(text.trim()) && URL.canParse(text.trim()) ? undefined : vscode.l10n.t('An address such as https://langfuse.example.com')),
  });
  return url === undefined ? undefined : { url: url.trim() };
}

async function askPath(title: string): Promise<{ readonly path: string } | undefined> {
  const path = await showInputBox({ title, prompt: vscode.l10n.t('The file, from the folder of touchstone.yml'), placeHolder: '../shared/touchstone.db', validateInput: (text) => (text.trim() === '' ? vscode.l10n.t('Type a path.') : undefined) });
  return path === undefined ? undefined : { path: path.trim() };
}

/** One field a key. Left empty, a key stays as it is; the host that it is typed for is the one that it may be shown. `before` notes what is changed. */
async function askKeys({ secrets, hosts, remotes }: Services, source: RemoteSource, title: string, before?: KeptConsent): Promise<{ readonly names: readonly string[]; readonly isComplete: boolean }> {
  const names: string[] = [];
  for (const { name, what, isSet } of source.secrets) {
    const prompt = isSet
      ? vscode.l10n.t('{0}: {1} is set. Empty: it stays, and may be sent to {2}.', what, name, sourceHost(source))
      : vscode.l10n.t('{0}, sent to {1} and nowhere else. Empty: none.', what, sourceHost(source));
    const value = await showInputBox({ title, prompt, password: true });
    if (value === undefined) return { names, isComplete: false };
    if (value.trim() === '') {
      if (isSet) await hosts.allow(new URL(source.url).origin, [name]);
      continue;
    }
    await before?.note(name);
    await secrets.set(name, value.trim());
    await hosts.allow(new URL(source.url).origin, [name]);
    names.push(name);
  }
  if (source.type !== 'sqlite') await hosts.allow(new URL(source.url).origin, []);
  if (names.length > 0) remotes.refresh();
  return { names, isComplete: true };
}

/** Tests the connection; what failed is said, and decided upon by the person. Resolves to the last test; `null`: it is not to be added. */
async function decide(services: Services, engine: FolderEngine, entry: NewSource, before: KeptConsent): Promise<SourceTest | null> {
  for (;;) {
    const source = await engine.request('remote/describe', { entry });
    const tested = await testSource(engine, { entry });
    const { ok, message, needsKey } = tested;
    if (ok) return tested;
    const [again, keys, add] = [vscode.l10n.t('Test Again'), vscode.l10n.t('Set Key…'), vscode.l10n.t('Add Anyway')];
    // The first one is what Enter does: asking again with the same key is refused again, and no other key helps a server that fails.
    const actions = needsKey && source.secrets.length > 0 ? [keys, again] : [again];
    const answer = await showWarning(vscode.l10n.t('The connection does not work yet.'), { modal: true, detail: services.log.redact(message) }, ...actions, add);
    if (answer === keys) await askKeys(services, source, vscode.l10n.t('Set Key of {0}', source.name), before);
    else if (answer !== again) return answer === add ? tested : null;
  }
}

function unused(type: SourceType, taken: ReadonlySet<string>): string {
  let name: string = type;
  for (let number = 2; taken.has(name); number++) name = `${type}-${number}`;
  return name;
}

function fieldPrompt(type: SourceType, field: Field): string {
  switch (field) {
    case 'project': return type === 'jaeger' ? vscode.l10n.t('The service whose traces are listed, or nothing') : type === 'weave' ? vscode.l10n.t('The project, as entity/project') : vscode.l10n.t('The project whose traces are listed, or nothing');
    case 'tenant': return type === 'tempo' ? vscode.l10n.t('The tenant (X-Scope-OrgID), or nothing') : vscode.l10n.t('The workspace, or nothing');
    case 'datasource': return vscode.l10n.t('Through Grafana: the uid of its data source; of Tempo itself nothing');
    case 'database': return vscode.l10n.t('The database, or nothing for "default"');
    case 'table': return vscode.l10n.t('The table of spans, or nothing for "otel_traces"');
  }
}
