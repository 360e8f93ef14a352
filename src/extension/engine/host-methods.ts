import * as v from 'valibot';
import { TouchstoneError } from '../../core/errors.ts';
import type { ChatMessage } from '../../core/model/model.ts';
import type { JsonObject } from '../../core/json.ts';
import { decoded } from '../../protocol/rpc-peer.ts';
import type { Secrets } from '../secrets.ts';
import type { Hosts } from '../traces/hosts.ts';
import type { HostHandlers } from './engines.ts';
import { generate, listLanguageModels } from './language-models.ts';

const generateSchema = v.object({
  id: v.string(),
  messages: v.array(v.custom<ChatMessage>((value) => typeof value === 'object' && value !== null && 'role' in value && 'content' in value)),
  options: v.custom<JsonObject>((value) => typeof value === 'object' && value !== null && !Array.isArray(value)),
  stream: v.nullable(v.string()),
});

/** What an engine asks of the extension: secrets, and the language models of VS Code. */
export function hostHandlers(secrets: Secrets, hosts: Hosts): HostHandlers {
  return (engine) => ({
    'secret/get': decoded(v.object({ name: v.string(), origin: v.optional(v.string()) }), async ({ name, origin }) => {
      const value = await secrets.get(name);
      // A key goes to no host that nobody agreed to, whatever touchstone.yml names.
      if (value !== null && origin !== undefined && !(await hosts.agreeKey(origin, name))) throw new TouchstoneError('cancelled', `The key ${name} is not sent to ${origin}.`);
      return { value };
    }),
    'lm/list': () => listLanguageModels(),
    'lm/generate': decoded(generateSchema, (params, signal) => generate(params, signal, (text) => {
      if (params.stream !== null) engine().notify('lm/text', { stream: params.stream, text });
    })),
  });
}
