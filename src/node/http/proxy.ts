/** VS Code's `http.proxy*` settings. Without an address the environment's HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY count. */
export interface ProxySettings {
  readonly url: string | null;
  readonly strictSsl: boolean;
  readonly noProxy: readonly string[];
}

type Variables = Readonly<Record<string, string | undefined>>;

/** The proxy for an address, or `null` for a straight connection. Loopback is never proxied unless a proxy is set for it by name. */
export function proxyFor(url: URL, settings: ProxySettings, environment: Variables = process.env): string | null {
  const variable = (name: string): string | undefined => environment[name.toLowerCase()] || environment[name] || undefined;
  const proxy = settings.url || variable(url.protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY') || variable('ALL_PROXY');
  if (proxy === undefined || proxy === '') return null;
  const excluded = [...settings.noProxy, ...(variable('NO_PROXY') ?? '').split(/[\s,]+/)].filter((entry) => entry !== '');
  if (isLoopback(url.hostname) || excluded.some((entry) => matches(url, entry))) return null;
  return /^[a-z]+:\/\//i.test(proxy) ? proxy : `http://${proxy}`;
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host.endsWith('.localhost') || host === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(host);
}

/** `example.com` and `.example.com` mean the domain and what is below it, `*` everything, `host:port` that port only. */
function matches(url: URL, entry: string): boolean {
  if (entry === '*') return true;
  const [, name, port] = /^(.*?)(?::(\d+))?$/.exec(entry.toLowerCase()) ?? [];
  if (name === undefined || name === '') return false;
  if (port !== undefined && port !== (url.port || (url.protocol === 'https:' ? '443' : '80'))) return false;
  const domain = name.replace(/^\*?\./, '');
  const host = url.hostname.toLowerCase();
  return host === domain || host.endsWith(`.${domain}`);
}
