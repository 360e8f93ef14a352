import type { SerializedError } from '../core/errors.ts';

/**
 * The one envelope of both borders: extension ⇄ engine and extension ⇄ webview. Symmetric: either side may ask.
 * Every request gets exactly one reply, also when its handler throws; `cancel` asks a handler to stop, and it still replies.
 * Notifications carry snapshots or "changed, ask again", never deltas: a hidden webview loses messages.
 */
export type RpcMessage =
  | { readonly type: 'request'; readonly id: number; readonly method: string; readonly params: unknown }
  | { readonly type: 'reply'; readonly id: number; readonly result: unknown }
  | { readonly type: 'failure'; readonly id: number; readonly error: SerializedError }
  | { readonly type: 'cancel'; readonly id: number }
  | { readonly type: 'notify'; readonly method: string; readonly params: unknown };
