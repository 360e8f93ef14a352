import { isObject } from '../json.ts';
import { describe } from '../text/describe.ts';
import type { Findings } from '../text/findings.ts';
import { locateIn, type Locate } from '../text/locate.ts';
import { readSecret } from './models.ts';
import type { ReceiverConfig } from './model.ts';

const KEYS = ['origins', 'hosts', 'token'];

/** `traces.receiver:` of touchstone.yml: who may send to the receiver besides programs on this machine. */
export function readReceiver(value: unknown, locate: Locate, findings: Findings): ReceiverConfig | null {
  if (value === undefined || value === null) return null;
  if (!isObject(value)) {
    findings.error('traces', `"receiver" is a mapping such as { origins: ["http://localhost:3000"] }, not ${describe(value)}`, locate());
    return null;
  }
  for (const key of Object.keys(value)) {
    if (!KEYS.includes(key)) findings.warning('unknown-key', `unknown key "${key}" of receiver is ignored: it has ${KEYS.join(', ')}`, locate(key));
  }
  const token = readSecret(value['token'], locateIn(locate, 'token'), findings);
  return {
    origins: readList(value['origins'], locateIn(locate, 'origins'), findings, isOrigin, 'an origin is a page’s address without a path, such as http://localhost:3000'),
    hosts: readList(value['hosts'], locateIn(locate, 'hosts'), findings, (host) => /^[\w.-]+$/.test(host), 'a host is a name without a port, such as tunnel.example.com'),
    ...(token === null ? {} : { token }),
  };
}

function readList(value: unknown, locate: Locate, findings: Findings, isGood: (item: string) => boolean, rule: string): string[] {
  if (value === undefined || value === null) return [];
  const items: unknown[] = Array.isArray(value) ? value : [value];
  return items.filter((item, index): item is string => {
    if (typeof item === 'string' && isGood(item)) return true;
    findings.error('traces', `${rule}; this is ${describe(item)}`, Array.isArray(value) ? locate(index) : locate());
    return false;
  });
}

/** `*` is none: any page that the user ever opens could send then. */
function isOrigin(text: string): boolean {
  return URL.canParse(text) && new URL(text).origin === text.toLowerCase();
}
