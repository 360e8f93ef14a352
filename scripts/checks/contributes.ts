/**
 * package.json's `contributes` against the typed constants of src/extension/constants.ts: an id that only one side knows
 * is a button that does nothing, or a command nobody can reach.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { globSync } from 'tinyglobby';
import { COMMANDS, CONTEXT_KEYS, SETTINGS, VIEW_CONTAINER, VIEW_ITEMS, VIEWS } from '../../src/extension/constants.ts';
import { root } from '../tools/paths.ts';
import { finish } from './report.ts';

type Json = string | number | boolean | null | Json[] | { [key: string]: Json };

const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { contributes: { [key: string]: Json }; activationEvents: string[] };
const contributes = manifest.contributes;
const problems: string[] = [];

const commands = ids(contributes['commands'], 'command');
const configurations = [contributes['configuration'] ?? []].flat();
const settings = configurations.flatMap((section) => Object.keys(object(object(section)['properties'])));
const views = Object.values(object(contributes['views'])).flatMap((list) => ids(list, 'id'));
const containers = Object.values(object(contributes['viewsContainers'])).flatMap((list) => ids(list, 'id'));

same('command', commands, Object.values(COMMANDS));
same('setting', settings, Object.values(SETTINGS));
same('view', views, Object.values(VIEWS));
same('view container', containers, [VIEW_CONTAINER]);
for (const container of Object.keys(object(contributes['views']))) {
  if (!containers.includes(container)) problems.push(`views are put into ${container}, which is not contributed`);
}

// menus, keys and walkthrough name only commands that exist
for (const [menu, items] of Object.entries(object(contributes['menus']))) {
  for (const command of ids(items, 'command', 'submenu')) if (command.startsWith('touchstone.') && !commands.includes(command)) problems.push(`menu ${menu} names ${command}, which is not contributed`);
}
for (const command of ids(contributes['keybindings'] ?? [], 'command')) {
  if (!commands.includes(command)) problems.push(`a key is bound to ${command}, which is not contributed`);
}
const text = JSON.stringify(contributes);
for (const [, command = ''] of text.matchAll(/command:([\w.]+)/g)) {
  if (command.startsWith('touchstone.') && !commands.includes(command)) problems.push(`a link runs ${command}, which is not contributed`);
}

// conditions name only context keys, views and settings that exist
const known = new Set<string>([...Object.values(CONTEXT_KEYS), ...views, ...settings, ...commands, ...containers]);
const items = new Set<string>(Object.values(VIEW_ITEMS));
for (const condition of conditions(contributes)) {
  for (const [name] of condition.matchAll(/(?<![\w./-])(?:config\.)?touchstone\.[\w.]+/g)) {
    if (!known.has(name.replace(/^config\./, ''))) problems.push(`condition "${condition}" names ${name}, which nobody sets`);
  }
  for (const [, item = ''] of condition.matchAll(/viewItem\s*==\s*'?([\w.-]+)/g)) {
    if (!items.has(item)) problems.push(`condition "${condition}" names the tree item ${item}, which nobody makes`);
  }
}

// constants that no code uses are contributions without a deed
const sources = globSync('src/extension/**/*.ts', { cwd: root, ignore: ['src/extension/constants.ts'] }).map((file) => readFileSync(join(root, file), 'utf8')).join('\n');
for (const [table, constants] of Object.entries({ COMMANDS, SETTINGS, VIEWS, CONTEXT_KEYS, VIEW_ITEMS })) {
  for (const key of Object.keys(constants)) {
    if (!new RegExp(`\\b${table}\\.${key}\\b`).test(sources)) problems.push(`${table}.${key} is used by no code`);
  }
}

for (const file of files(contributes)) if (!existsSync(join(root, file))) problems.push(`contributes names the file ${file}, which does not exist`);

if (commands.length === 0) problems.push('package.json contributes no command: nothing was compared');
finish('contributes', problems, `${commands.length} commands, ${settings.length} settings, ${views.length} views, ${[...conditions(contributes)].length} conditions`);

function object(value: Json | undefined): { [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {};
}

/** The strings under one of the given keys of a list of objects. */
function ids(list: Json | undefined, ...keys: string[]): string[] {
  if (!Array.isArray(list)) return [];
  return list.flatMap((entry) => keys.map((key) => object(entry)[key]).filter((id): id is string => typeof id === 'string'));
}

function same(what: string, contributed: readonly string[], constants: readonly string[]): void {
  const twice = contributed.filter((id, index) => contributed.indexOf(id) !== index);
  problems.push(...twice.map((id) => `${what} ${id} is contributed twice`));
  problems.push(...contributed.filter((id) => !constants.includes(id)).map((id) => `${what} ${id} of package.json is not in constants.ts`));
  problems.push(...constants.filter((id) => !contributed.includes(id)).map((id) => `${what} ${id} of constants.ts is not in package.json`));
}

function* strings(value: Json, key = ''): Generator<[key: string, value: string]> {
  if (typeof value === 'string') yield [key, value];
  else if (Array.isArray(value)) for (const entry of value) yield* strings(entry, key);
  else if (typeof value === 'object' && value !== null) for (const [name, entry] of Object.entries(value)) yield* strings(entry, name);
}

function conditions(value: Json): string[] {
  return [...strings(value)].filter(([key]) => key === 'when' || key === 'enablement').map(([, condition]) => condition);
}

function files(value: Json): string[] {
  return [...strings(value)].filter(([, text]) => /^(\.\/)?media\//.test(text)).map(([, file]) => file);
}
