import { computed, signal } from '@preact/signals';
import type { VersionSummary } from '../../../src/protocol/registry.ts';
import type { ShownVersions, VersionsPanelMethods } from '../../../src/protocol/versions-panel.ts';
import { PanelModel } from '../../shared/panel-model.ts';
import { seriesOf, type Series } from './series.ts';
import type { ViewState } from './view-state.ts';

/** The versions of one prompt: which are listed, which one is selected, which are marked to be compared. */
export class VersionsModel extends PanelModel<VersionsPanelMethods, ViewState> {
  readonly shown = signal<ShownVersions | null>(null);
  /** Hashes, in the order in which they were marked. */
  readonly marked = signal<readonly string[]>([]);
  readonly versions = computed((): readonly VersionSummary[] => (this.shown.value?.versions ?? []).filter(({ source }) => source === 'registry' || this.state.value.git));
  readonly allSeries = computed(() => seriesOf(this.versions.value));
  readonly series = computed((): Series | undefined => this.allSeries.value.find(({ key }) => key === this.state.value.series) ?? this.allSeries.value[0]);
  readonly selected = computed((): VersionSummary | undefined => this.versions.value.find(({ hash }) => hash === this.state.value.selected) ?? this.versions.value[0]);

  protected override get subject(): string | null {
    return this.shown.value?.path ?? null;
  }

  async start(): Promise<void> {
    this.failure.value = null;
    await this.changed();
  }

  async changed(): Promise<void> {
    try {
      const shown = await this.api.request('versions/get', {});
      this.shown.value = shown;
      this.failure.value = null;
      const hashes = new Set(shown.versions.map(({ hash }) => hash));
      this.marked.value = this.marked.value.filter((hash) => hashes.has(hash));
      // Kept as soon as it is known what is shown, so that a reload brings it back although nobody touched anything.
      this.keep();
    } catch (error) {
      this.fail(error);
    }
  }

  select(hash: string): void {
    this.update({ selected: hash });
  }

  /** By rows, from the newest on; beyond an end it stays there. */
  move(by: number): void {
    const list = this.versions.value;
    const at = list.findIndex(({ hash }) => hash === this.selected.value?.hash);
    const next = list[Math.min(Math.max(at + by, 0), list.length - 1)];
    if (next) this.select(next.hash);
  }

  mark(hash: string): void {
    this.marked.value = this.marked.value.includes(hash) ? this.marked.value.filter((one) => one !== hash) : [...this.marked.value, hash];
  }

  /** What changed from the version before, as it was saved, to this one; of the first one, since. */
  difference(version: VersionSummary): void {
    const parent = this.versions.value.find(({ hash }) => hash === version.parent) ?? this.#older(version);
    this.request('versions/diff', parent === undefined ? { ref: refOf(version) } : { ref: refOf(parent), with: refOf(version) });
  }

  /** The marked ones, the oldest as the baseline; none marked: the selected one with the working copy. */
  compare(): void {
    const marked = this.versions.value.filter(({ hash }) => this.marked.value.includes(hash)).toReversed();
    const versions = marked.length > 0 ? marked : this.selected.value ? [this.selected.value] : [];
    if (versions.length > 0) this.request('versions/compare', { refs: versions.map(refOf) });
  }

  #older(version: VersionSummary): VersionSummary | undefined {
    const list = this.versions.value;
    return list[list.indexOf(version) + 1];
  }
}

export function refOf({ source, revision, hash }: Pick<VersionSummary, 'source' | 'revision' | 'hash'>): string {
  return source === 'git' && revision !== null ? `git:${revision}` : hash;
}
