import { createHash } from 'node:crypto';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * The build's memory: which files went in and came out, so that an unchanged tree is not built again.
 * Packages count through npm's own record of what is installed.
 * @typedef {{ options: string, packages: string, inputs: Record<string, string>, outputs: Record<string, number> }} Stamp
 */

/** @param {string} file */
function hashFile(file) {
  return existsSync(file) ? createHash('sha256').update(readFileSync(file)).digest('hex') : 'absent';
}

/**
 * @param {string} root
 * @param {string} options
 * @param {string[]} inputs relative to root
 * @param {string[]} outputs relative to root
 * @returns {Stamp}
 */
export function makeStamp(root, options, inputs, outputs) {
  const own = inputs.filter((file) => !file.startsWith('node_modules/'));
  return {
    options,
    packages: hashFile(join(root, 'node_modules/.package-lock.json')),
    inputs: Object.fromEntries(own.sort().map((file) => [file, hashFile(join(root, file))])),
    outputs: Object.fromEntries(outputs.sort().map((file) => [file, statSync(join(root, file)).size])),
  };
}

/**
 * True when the last build had the same options and inputs and its outputs are still there.
 * @param {string} root
 * @param {string} stampFile
 * @param {string} options
 */
export function isCurrent(root, stampFile, options) {
  if (!existsSync(stampFile)) return false;
  /** @type {Stamp} */
  let stamp;
  try {
    stamp = JSON.parse(readFileSync(stampFile, 'utf8'));
  } catch {
    return false; // a build was cut off while it wrote the stamp
  }
  return (
    stamp.options === options &&
    stamp.packages === hashFile(join(root, 'node_modules/.package-lock.json')) &&
    Object.entries(stamp.inputs).every(([file, hash]) => hashFile(join(root, file)) === hash) &&
    Object.entries(stamp.outputs).every(([file, size]) => existsSync(join(root, file)) && statSync(join(root, file)).size === size)
  );
}

/**
 * @param {string} stampFile
 * @param {Stamp} stamp
 */
export function writeStamp(stampFile, stamp) {
  writeFileSync(stampFile, JSON.stringify(stamp));
}
