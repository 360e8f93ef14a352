import type { RegistryMethods } from '../../protocol/registry.ts';
import type { Workspace } from '../workspace.ts';
import type { VersionRegistry } from './version-registry.ts';
type Query = RegistryMethods['registry/search'][0];
export class RegistrySearch {
  constructor(_workspace: Workspace, _registry: VersionRegistry) {}
  async search(_query: Query, _signal: AbortSignal): Promise<RegistryMethods['registry/search'][1]> {
    return { hits: [] };
  }
}
