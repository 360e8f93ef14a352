import type { Secrets } from '../secrets.ts';
import type { Hosts } from './hosts.ts';

/** Keys, and which of them an origin may be shown, as they were before a source is tried: one that is not added leaves nothing behind. */
export class KeptConsent {
  readonly #secrets: Secrets;
  readonly #hosts: Hosts;
  readonly #origin: string | null;
  readonly #allowed: readonly string[] | undefined;
  /** `undefined`: it was not set here. */
  readonly #keys = new Map<string, string | undefined>();

  /** `origin`: of the source; `null`: it is a file. */
  constructor({ secrets, hosts }: { readonly secrets: Secrets; readonly hosts: Hosts }, origin: string | null) {
    this.#secrets = secrets;
    this.#hosts = hosts;
    this.#origin = origin;
    this.#allowed = origin === null ? undefined : hosts.allowed(origin);
  }

  /** To be called before a key is set. Another source may have one of the same name. */
  async note(name: string): Promise<void> {
    if (!this.#keys.has(name)) this.#keys.set(name, await this.#secrets.stored(name));
  }

  async restore(): Promise<void> {
    for (const [name, value] of this.#keys) await (value === undefined ? this.#secrets.remove(name) : this.#secrets.set(name, value));
    if (this.#origin !== null) await this.#hosts.restore(this.#origin, this.#allowed);
  }
}
