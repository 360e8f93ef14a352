import { timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { Refusal } from './refusal.ts';

export interface GuardOptions {
  /** Pages that may send from a browser, as `https://host:port`. None: no page may. */
  readonly origins?: readonly string[];
  /** Names in `Host` besides those of loopback, for containers and tunnels. */
  readonly hosts?: readonly string[];
  /** When set, every sender must show it: `Authorization: Bearer …` or `x-api-key`. */
  readonly token?: string;
}

/**
 * Names by which this machine is reached. The last three are those that Docker and Podman give it inside a container; `.internal`
 * is reserved, so no page's owner can have them point here.
 */
const OWN_NAMES: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '[::1]', 'host.docker.internal', 'gateway.docker.internal', 'host.containers.internal']);

/**
 * A web page in the user's browser reaches loopback too. It is told by the `Host` it was led here by (a name of its own that it
 * pointed at 127.0.0.1: DNS rebinding) and by the `Origin` that browsers put in every request that could change something.
 */
export class Guard {
  readonly #origins: ReadonlySet<string>;
  readonly #hosts: ReadonlySet<string>;
  readonly #token: Buffer | null;

  constructor(options: GuardOptions) {
    this.#origins = new Set((options.origins ?? []).map((origin) => origin.toLowerCase().replace(/\/$/, '')));
    this.#hosts = new Set((options.hosts ?? []).map((host) => host.toLowerCase()));
    this.#token = options.token === undefined || options.token === '' ? null : Buffer.from(options.token);
  }

  /** Headers with which a page that may send gets its answer. @throws Refusal 403 */
  admit(headers: IncomingHttpHeaders): Readonly<Record<string, string>> {
    const { host, origin } = headers;
    if (host !== undefined && !this.#isOwn(host)) throw new Refusal(403, `this receiver does not answer to the name ${JSON.stringify(host.slice(0, 100))}: use 127.0.0.1 or localhost`);
    if (origin === undefined) return {};
    if (!this.#origins.has(origin.toLowerCase())) throw new Refusal(403, `pages of ${JSON.stringify(origin.slice(0, 100))} may not send to this receiver`);
    return { 'access-control-allow-origin': origin, vary: 'Origin' };
  }

  /** What a browser asks before it sends: the answer's headers. @throws Refusal 403 */
  preflight(headers: IncomingHttpHeaders): Readonly<Record<string, string>> {
    const allowed = this.admit(headers);
    if (allowed['access-control-allow-origin'] === undefined) throw new Refusal(403, 'OPTIONS without an Origin');
    const requested = (headers['access-control-request-headers'] ?? '').split(',').map((name) => name.trim().toLowerCase());
    return {
      ...allowed,
      'access-control-allow-methods': 'POST, PATCH, GET',
      'access-control-allow-headers': requested.filter((name) => /^(?:content-type|content-encoding|authorization|x-[\w-]+|traceparent|tracestate|baggage)$/.test(name)).join(', '),
      'access-control-max-age': '600',
      ...(headers['access-control-request-private-network'] === 'true' ? { 'access-control-allow-private-network': 'true' } : {}),
    };
  }

  /** @throws Refusal 401 */
  authorise(authorization: string | undefined, apiKey: string | undefined): void {
    if (this.#token === null) return;
    const shown = /^Bearer +(.+)$/i.exec(authorization ?? '')?.[1] ?? apiKey;
    if (shown !== undefined && isEqual(Buffer.from(shown), this.#token)) return;
    throw new Refusal(401, 'this receiver wants a token: Authorization: Bearer …', { headers: { 'www-authenticate': 'Bearer' } });
  }

  #isOwn(host: string): boolean {
    const name = host.toLowerCase().replace(/:\d*$/, '').replace(/\.$/, '');
    return OWN_NAMES.has(name) || name.endsWith('.localhost') || this.#hosts.has(name);
  }
}

/** In a time that does not tell how much of it is right. */
function isEqual(shown: Buffer, token: Buffer): boolean {
  return shown.length === token.length && timingSafeEqual(shown, token);
}

/** Headers by which exporters name a project to the backend they think they speak to. */
const PROJECT_HEADERS = ['langsmith-project', 'projectname', 'x-project-name', 'project_id'];

/** The project that a backend's header names. */
export function projectOf(header: (name: string) => string | undefined): string | undefined {
  for (const name of PROJECT_HEADERS) {
    const value = header(name)?.trim();
    if (value !== undefined && value !== '') return value.slice(0, 200);
  }
  return undefined;
}
