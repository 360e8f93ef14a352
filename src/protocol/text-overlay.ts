/** An unsaved text that replaces the file on disk. */
export interface TextOverlay {
  readonly path: string;
  readonly text: string;
}
