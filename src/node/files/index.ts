export { createFileReader, fileStamp, isFolder } from './disk.ts';
export { findPromptFiles } from './discover.ts';
export { overlayFiles } from './overlay.ts';
