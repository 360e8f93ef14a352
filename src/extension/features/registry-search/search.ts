import * as vscode from 'vscode';
import { errorMessage } from '../../../core/errors.ts';
import { formatPercent } from '../../../core/text/format.ts';
import type { RegistrySearchHit } from '../../../protocol/registry.ts';
import { Coalesced } from '../../coalesce.ts';
import type { FolderEngine } from '../../engine/folder-engine.ts';
import { createQuickPick } from '../../questions.ts';
import { readSearchQuery } from '../../registry/search-query.ts';
import { searchWords } from '../../registry/search-words.ts';
import { authorText } from '../../registry/wording.ts';
import type { Services } from '../../services.ts';

const TYPING_MS = 150;
const LIMIT = 50;

export interface FoundPrompt {
  readonly engine: FolderEngine;
  readonly hit: RegistrySearchHit;
  readonly action: 'open' | 'copy';
}

interface HitItem extends vscode.QuickPickItem {
  readonly engine?: FolderEngine;
  readonly hit?: RegistrySearchHit;
}

/** Prompts and their versions by text, meaning and filters, as they are typed. `undefined`: none was picked. */
export async function searchPrompts(services: Services, title: string): Promise<FoundPrompt | undefined> {
  const copy: vscode.QuickInputButton = { iconPath: new vscode.ThemeIcon('new-file'), tooltip: vscode.l10n.t('New prompt from this one…') };
  const picker = createQuickPick<HitItem>();
  picker.title = title;
  picker.placeholder = vscode.l10n.t('Words or what it should do; narrow it down with tag: model: owner: score:>0.8');
  picker.matchOnDescription = true;
  picker.matchOnDetail = true;
  let asked = 0;
  const search = async (): Promise<void> => {
    const mine = ++asked;
    picker.busy = true;
    const items = await itemsFor(services, picker.value, copy);
    if (mine !== asked) return;
    picker.items = items;
    picker.busy = false;
  };
  const typing = new Coalesced(search, TYPING_MS, { restart: true });
  picker.onDidChangeValue(() => typing.request());
  try {
    picker.show();
    void search();
    return await new Promise<FoundPrompt | undefined>((resolve) => {
      const found = (item: HitItem | undefined, action: FoundPrompt['action']): void => {
        if (item?.hit && item.engine) resolve({ engine: item.engine, hit: item.hit, action });
      };
      picker.onDidAccept(() => found(picker.activeItems[0], 'open'));
      picker.onDidTriggerItemButton(({ item }) => found(item, 'copy'));
      picker.onDidHide(() => resolve(undefined));
    });
  } finally {
    typing.dispose();
    picker.dispose();
  }
}

async function itemsFor(services: Services, line: string, copy: vscode.QuickInputButton): Promise<HitItem[]> {
  const query = readSearchQuery(line);
  const found = await Promise.all(services.engines.all().map(async (engine) => {
    try {
      const onlyWords = (error: unknown): void => services.log.info(`The registry of ${engine.folder.name} is searched by words alone: ${errorMessage(error)}`);
      return (await searchWords(query, LIMIT, (asked) => engine.request('registry/search', asked), onlyWords)).map((hit, rank) => ({ engine, hit, rank }));
    } catch (error) {
      services.log.warn(`The registry of ${engine.folder.name} cannot be searched: ${errorMessage(error)}`);
      return [];
    }
  }));
  // Folders take turns: how well words fit and how alike meanings are is not measured by one scale.
  const hits = found.flat().sort((a, b) => a.rank - b.rank);
  if (hits.length === 0) return [{ label: vscode.l10n.t('No prompt found'), description: line, alwaysShow: true }];
  // The engine has matched already: what fits by its meaning need not contain a letter of what was typed.
  return hits.map(({ engine, hit }) => ({
    label: `$(${hit.version ? 'history' : 'note'}) ${hit.name}`,
    description: [hit.version?.label ?? vscode.l10n.t('working copy'), hit.passRate === null ? '' : formatPercent(hit.passRate), authorText(hit.owner ?? ''), hit.models.join(', '), ...hit.tags.map((tag) => `#${tag}`)].filter((part) => part !== '').join(' · '),
    detail: hit.excerpt.replaceAll(/\s+/g, ' '),
    buttons: [copy],
    alwaysShow: true,
    engine,
    hit,
  }));
}
