import { describe, expect, it, vi } from 'vitest';
import type { Engines } from '../../../src/extension/engine/engines.ts';
import type { FolderEngine } from '../../../src/extension/engine/folder-engine.ts';
import type { Log } from '../../../src/extension/log.ts';
import { RunTracker } from '../../../src/extension/runs/run-tracker.ts';
import type { RunSnapshot } from '../../../src/protocol/engine.ts';

/** Of VS Code the tracker takes its events only. */
vi.mock('vscode', () => ({
  EventEmitter: class {
    readonly listeners: ((event: unknown) => void)[] = [];
    readonly event = (listener: (event: unknown) => void): { dispose: () => void } => {
      this.listeners.push(listener);
      return { dispose: () => undefined };
    };
    fire(event: unknown): void {
      for (const listener of this.listeners) listener(event);
    }
    dispose(): void {
      this.listeners.length = 0;
    }
  },
  Disposable: { from: (...all: { dispose: () => void }[]) => ({ dispose: () => all.forEach((one) => one.dispose()) }) },
  commands: { executeCommand: () => Promise.resolve() },
}));

describe('the runs that a window watches', () => {
  it('tells all that a crash has cut, and none that had ended, is another engine\'s, or goes on in another process', () => {
    let crash: (event: { engine: FolderEngine }) => void = () => undefined;
    const nothing = (): { dispose: () => void } => ({ dispose: () => undefined });
    const tracker = new RunTracker({ onRunChanged: nothing, onDidCrash: (listener: typeof crash) => { crash = listener; return nothing(); } } as unknown as Engines, {} as Log);
    const [own, other] = [{}, {}] as [FolderEngine, FolderEngine];
    const note = (engine: FolderEngine, id: string, status: string): unknown => tracker.note(engine, { info: { id, status } } as unknown as RunSnapshot);
    note(own, 'r-1', 'running');
    note(own, 'r-2', 'running');
    note(own, 'r-3', 'finished');
    note(other, 'r-4', 'running');
    tracker.note(own, { info: { id: 'r-5', status: 'running' }, elsewhere: true } as unknown as RunSnapshot);
    const ended: string[] = [];
    tracker.onDidEnd(({ snapshot }) => ended.push(snapshot.info.id));
    crash({ engine: own });
    expect(tracker.cutBy(own)).toEqual(['r-1', 'r-2']);
    expect(tracker.cutBy(other)).toEqual([]);
    expect(ended).toEqual(['r-1', 'r-2']);
    expect(tracker.active().map(({ snapshot }) => snapshot.info.id)).toEqual(['r-4', 'r-5']);
    // The next one found nothing under way.
    crash({ engine: own });
    expect(tracker.cutBy(own)).toEqual([]);
    tracker.dispose();
  });
});
