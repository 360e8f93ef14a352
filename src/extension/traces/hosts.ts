import * as v from 'valibot';
import * as vscode from 'vscode';
import { TouchstoneError } from '../../core/errors.ts';
import type { RemoteSource } from '../../protocol/remote.ts';
import { showWarning } from '../messages.ts';
import { sourceLabel } from './source-wording.ts';

const KEY = 'sources.hosts';

/** Origin (`https://host[:port]`) → names of the keys that it may be shown. */
const schema = v.fallback(v.record(v.string(), v.array(v.string())), {});

type Asked = Pick<RemoteSource, 'name' | 'type' | 'url' | 'secrets'>;

/**
 * Whom a person agreed to have asked for traces, and which keys may be shown there. A touchstone.yml comes with a repository and a
 * link from anywhere: neither decides where a key goes. Asked once a host and key, and remembered on this machine.
 */
export class Hosts {
  readonly #memory: vscode.Memento;
  /** Questions that are open: a second request for the same waits for the same answer. */
  readonly #open = new Map<string, Promise<boolean>>();

  constructor(memory: vscode.Memento) {
    this.#memory = memory;
  }

  /** From now on this origin may be asked, and shown these keys. */
  async allow(origin: string, keys: readonly string[]): Promise<void> {
    const known = this.#known();
    await this.#memory.update(KEY, { ...known, [origin]: [...new Set([...(known[origin] ?? []), ...keys])].sort() });
  }

  /** The keys that this origin may be shown; `undefined`: nobody agreed to ask it. */
  allowed(origin: string): readonly string[] | undefined {
    return this.#known()[origin];
  }

  /** Takes back what was allowed since `allowed` said this. */
  async restore(origin: string, keys: readonly string[] | undefined): Promise<void> {
    const { [origin]: _, ...others } = this.#known();
    await this.#memory.update(KEY, keys === undefined ? others : { ...others, [origin]: keys });
  }

  /** Before sources are contacted: asks about each host that was not agreed to, with the keys that it would be shown. */
  async agree(sources: readonly Asked[]): Promise<boolean> {
    const remote = sources.filter(({ type }) => type !== 'sqlite');
    for (const [origin, group] of Map.groupBy(remote, ({ url }) => new URL(url).origin)) {
      const keys = [...new Set(group.flatMap(({ secrets }) => secrets.filter(({ isSet }) => isSet).map(({ name }) => name)))];
      if (this.#isAllowed(origin, keys)) continue;
      const names = group.map(({ name, type }) => `"${name}" (${sourceLabel(type)})`).join(', ');
      const what = keys.length === 0 ? vscode.l10n.t('No key is sent: none is set.') : keys.length === 1
        ? vscode.l10n.t('Requests to this host carry the key {0}; this lets no other host have it.', keys.join(', '))
        : vscode.l10n.t('Requests to this host carry the keys {0}; this lets no other host have them.', keys.join(', '));
      if (!(await this.#ask(origin, keys, vscode.l10n.t('Ask {0} for traces?', hostOf(origin)), vscode.l10n.t('{0} is the host of source {1} in touchstone.yml. {2}', origin, names, what)))) return false;
    }
    return true;
  }

  /**
   * A key is about to be shown to an origin. `false`: it never was agreed to, and now neither.
   * @throws TouchstoneError 'untrusted-workspace'
   */
  async agreeKey(origin: string, key: string): Promise<boolean> {
    if (!vscode.workspace.isTrusted) throw new TouchstoneError('untrusted-workspace', vscode.l10n.t('Nothing is asked of sources in a workspace that is not trusted.'));
    if (this.#isAllowed(origin, [key])) return true;
    return this.#ask(origin, [key], vscode.l10n.t('Send the key {0} to {1}?', key, hostOf(origin)), vscode.l10n.t('A source in touchstone.yml names this key for {0}. It was not stored for this host.', origin));
  }

  async #ask(origin: string, keys: readonly string[], question: string, detail: string): Promise<boolean> {
    const id = [origin, ...keys].join(' ');
    const open = this.#open.get(id);
    if (open) return open;
    const answer = (async () => {
      const allow = vscode.l10n.t('Allow');
      if ((await showWarning(question, { modal: true, detail }, allow)) !== allow) return false;
      await this.allow(origin, keys);
      return true;
    })();
    this.#open.set(id, answer);
    try {
      return await answer;
    } finally {
      this.#open.delete(id);
    }
  }

  #isAllowed(origin: string, keys: readonly string[]): boolean {
    const allowed = this.allowed(origin);
    return allowed !== undefined && keys.every((key) => allowed.includes(key));
  }

  #known(): Readonly<Record<string, readonly string[]>> {
    return v.parse(schema, this.#memory.get(KEY, {}));
  }
}

function hostOf(origin: string): string {
  return new URL(origin).host;
}
