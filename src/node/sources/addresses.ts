import { lookup as systemLookup, type LookupAddress } from 'node:dns';
import { BlockList, isIP, isIPv4, type LookupFunction } from 'node:net';

/** Where an address leads: `near` is this machine or a network that is not the internet, `link` the machine's own link, where clouds keep their metadata. */
export type Reach = 'public' | 'near' | 'link' | 'nowhere';

/** Addresses of a name, in the order of preference. */
export type Resolve = (host: string) => Promise<readonly LookupAddress[]>;

/** A connection that must not be made. */
export class AddressError extends Error {
  override readonly name = 'AddressError';
  readonly code = 'ERR_TOUCHSTONE_ADDRESS';
}

// IANA's registries of special-purpose addresses. Of 2001::/23 (Teredo and other tunnels) and the translators that a network runs for
// itself (64:ff9b:1::/48) it is not to be seen where they lead.
const NEAR = listOf(['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '127.0.0.0/8', '100.64.0.0/10', '198.18.0.0/15', '192.0.0.0/24'], ['::1/128', 'fc00::/7', 'fec0::/10', '2001::/23', '64:ff9b:1::/48', '5f00::/16']);
// Where clouds keep metadata apart from 169.254.0.0/16: Amazon (fd00:ec2::), Google (fd20:ce::254), Oracle (fd00:c1::, 192.0.0.192), Alibaba (100.100.100.200), Azure's host (168.63.129.16).
const LINK = listOf(['169.254.0.0/16', '100.100.100.200/32', '192.0.0.192/32', '168.63.129.16/32'], ['fe80::/10', 'fd00:ec2::/32', 'fd20:ce::254/128', 'fd00:c1::/32']);
const NOWHERE = listOf(['0.0.0.0/8', '192.0.2.0/24', '198.51.100.0/24', '203.0.113.0/24', '224.0.0.0/4', '240.0.0.0/4'], ['::/128', 'ff00::/8', '100::/64', '2001:db8::/32', '3fff::/20']);

function listOf(v4: readonly string[], v6: readonly string[]): BlockList {
  const list = new BlockList();
  for (const [type, ranges] of [['ipv4', v4], ['ipv6', v6]] as const) {
    for (const range of ranges) {
      const [net, bits] = range.split('/') as [string, string];
      list.addSubnet(net, Number(bits), type);
    }
  }
  return list;
}

/** An address with or without brackets; an IPv6 address that carries an IPv4 one is where that one leads. */
export function reachOf(address: string): Reach {
  const plain = address.replace(/^\[|\]$/g, '').replace(/%.*$/, '');
  const inner = isIPv4(plain) ? plain : embeddedIPv4(plain);
  if (inner === undefined) return 'nowhere';
  const [text, type] = inner === null ? ([plain, 'ipv6'] as const) : ([inner, 'ipv4'] as const);
  if (NOWHERE.check(text, type)) return 'nowhere';
  if (LINK.check(text, type)) return 'link';
  return NEAR.check(text, type) ? 'near' : 'public';
}

/** The IPv4 address inside (mapped, compatible, NAT64, 6to4); `null`: none; `undefined`: no IPv6 address. */
function embeddedIPv4(address: string): string | null | undefined {
  const groups = groupsOf(address);
  if (groups === null) return undefined;
  const v4 = (high: number, low: number): string => [high >> 8, high & 255, low >> 8, low & 255].join('.');
  const [a, b, c, d, e, f, g, h] = groups as [number, number, number, number, number, number, number, number];
  const zeros = a === 0 && b === 0 && c === 0 && d === 0;
  if (zeros && e === 0 && f === 0xffff) return v4(g, h);
  if (zeros && e === 0xffff && f === 0) return v4(g, h);
  if (zeros && e === 0 && f === 0 && !(g === 0 && h <= 1)) return v4(g, h);
  if (a === 0x64 && b === 0xff9b && c === 0 && d === 0 && e === 0 && f === 0) return v4(g, h);
  return a === 0x2002 ? v4(b, c) : null;
}

function groupsOf(address: string): number[] | null {
  if (isIP(address) !== 6) return null;
  // The URL parser writes any IPv6 address in its one normal form.
  const [head = '', tail] = new URL(`http://[${address}]/`).hostname.slice(1, -1).split('::');
  const read = (text: string): number[] => (text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16)));
  const [left, right] = [read(head), tail === undefined ? [] : read(tail)];
  return [...left, ...Array.from({ length: 8 - left.length - right.length }, () => 0), ...right];
}

/** The host of a URL when it is an address itself, without brackets. */
export function literalOf(url: URL): string | null {
  const plain = url.hostname.replace(/^\[|\]$/g, '');
  return isIP(plain) === 0 ? null : plain;
}

/**
 * Why an address must not be connected to, or `null`. Touchstone's own entries in touchstone.yml (`isConfigured`) may lead to this
 * machine and to private networks; to the link, where clouds hand out credentials, only an entry that writes the very address may.
 */
export function refusalOf(address: string, host: { readonly isConfigured: boolean; readonly isLiteral: boolean }): string | null {
  switch (reachOf(address)) {
    case 'public': return null;
    case 'near': return host.isConfigured ? null : 'it is an address of this machine or of a private network, and no source in touchstone.yml names it';
    case 'link': return host.isConfigured && host.isLiteral ? null : 'it is a link-local address, where clouds keep the credentials of their machines';
    case 'nowhere': return 'it is no address of a host';
  }
}

/**
 * The `lookup` of a connection: resolves, refuses what must not be reached, and hands on the addresses that were looked at, so that
 * a name cannot mean another address a moment later.
 */
export function guardedLookup(resolve: Resolve, isConfigured: boolean): LookupFunction {
  return (host, options, callback) => {
    const wanted = options.family === 4 || options.family === 'IPv4' ? 4 : options.family === 6 || options.family === 'IPv6' ? 6 : 0;
    resolve(host).then(
      (addresses) => {
        const fitting = addresses.filter(({ family }) => wanted === 0 || family === wanted);
        const allowed = fitting.filter(({ address }) => refusalOf(address, { isConfigured, isLiteral: false }) === null);
        const [first] = allowed;
        if (first === undefined) {
          const [refused] = fitting;
          const error = refused === undefined ? Object.assign(new Error(`getaddrinfo ENOTFOUND ${host}`), { code: 'ENOTFOUND' }) : new AddressError(`${host} is ${refused.address}: ${refusalOf(refused.address, { isConfigured, isLiteral: false })}`);
          callback(error, '', 0);
        } else if (options.all === true) callback(null, allowed);
        else callback(null, first.address, first.family);
      },
      (error: unknown) => callback(error instanceof Error ? error : new Error(String(error)), '', 0),
    );
  };
}

export const resolveBySystem: Resolve = (host) =>
  new Promise((resolve, reject) => systemLookup(host, { all: true, verbatim: true }, (error, addresses) => (error === null ? resolve(addresses) : reject(error))));
