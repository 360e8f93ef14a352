import type { NewSource } from '../../protocol/remote.ts';

/** As it stands in touchstone.yml: keys by reference. */
export function writtenEntry({ key, user, applicationKey, ...entry }: NewSource): Record<string, string | number | boolean> {
  const written = { ...entry, ...(user === undefined ? {} : { user: `\${env:${user}}` }), ...(key === undefined ? {} : { key: `\${env:${key}}` }), ...(applicationKey === undefined ? {} : { applicationKey: `\${env:${applicationKey}}` }) };
  return Object.fromEntries(Object.entries(written).filter((member): member is [string, string | boolean] => member[1] !== undefined));
}
