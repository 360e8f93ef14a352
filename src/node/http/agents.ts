import { Agent as HttpAgent, type AgentOptions } from 'node:http';
import { Agent as HttpsAgent, type AgentOptions as HttpsAgentOptions } from 'node:https';
import * as tls from 'node:tls';
import { proxyFor, type ProxySettings } from './proxy.ts';

/** Which connections a request uses. */
export interface AgentSource {
  for(url: URL): Promise<HttpAgent>;
  /** Closes idle connections and those under way. */
  dispose(): void;
}

export interface AgentsOptions {
  readonly proxy: ProxySettings;
  /** Certificate authorities beside the system's and Node's own, PEM. */
  readonly ca?: readonly string[];
}

const CONNECTIONS: AgentOptions = { keepAlive: true, maxSockets: Infinity, maxFreeSockets: 256, scheduling: 'lifo' };

/** Kept-alive connections, straight or through the proxy that the settings and the environment name for an address. */
export function createAgents({ proxy, ca = [] }: AgentsOptions): AgentSource {
  const agents = new Map<string, Promise<HttpAgent>>();
  const made = new Set<HttpAgent>();

  const create = async (secure: boolean, proxyUrl: string | null): Promise<HttpAgent> => {
    const tlsOptions: HttpsAgentOptions = secure || proxyUrl?.startsWith('https:') === true ? { rejectUnauthorized: proxy.strictSsl, ca: authorities(ca) } : {};
    const options = { ...CONNECTIONS, ...tlsOptions };
    if (proxyUrl === null) return secure ? new HttpsAgent(options) : new HttpAgent(options);
    if (!secure) {
      const { HttpProxyAgent } = await import('./proxy-agents.ts');
      return new HttpProxyAgent(proxyUrl, options);
    }
    const { HttpsProxyAgent } = await import('./proxy-agents.ts');
    const agent = new HttpsProxyAgent(proxyUrl, options);
    // The options of the constructor are those of the connection to the proxy; the endpoint's own handshake takes them from here.
    Object.assign(agent.options, tlsOptions);
    return agent;
  };

  return {
    for(url) {
      const secure = url.protocol === 'https:';
      const proxyUrl = proxyFor(url, proxy);
      const key = `${secure} ${proxyUrl ?? ''}`;
      let agent = agents.get(key);
      if (agent === undefined) {
        agent = create(secure, proxyUrl).then((created) => {
          made.add(created);
          return created;
        });
        agents.set(key, agent);
      }
      return agent;
    },
    dispose() {
      for (const agent of made) agent.destroy();
      agents.clear();
      made.clear();
    },
  };
}

/**
 * Node's own list, NODE_EXTRA_CA_CERTS and the system's store: behind a company's proxy only the last knows its certificate.
 * (With --use-system-ca Node's default is already all of it; reading it again costs nothing.)
 */
function authorities(extra: readonly string[]): string[] {
  const known = new Set([...tls.getCACertificates('default'), ...tls.getCACertificates('system'), ...extra]);
  return [...known];
}
