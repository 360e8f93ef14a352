import * as v from 'valibot';
import type { ChatMessage } from '../../core/model/model.ts';
import type { JsonObject } from '../../core/json.ts';
import { decoded } from '../../protocol/rpc-peer.ts';
import type { Secrets } from '../secrets.ts';
import type { HostHandlers } from './engines.ts';
import { generate, listLanguageModels } from './language-models.ts';

const generateSchema = v.object({
  id: v.string(),
  messages: v.array(v.custom<ChatMessage>((value) => typeof value === 'object' && value !== null && 'role' in value && 'content' in value)),
  options: v.custom<JsonObject>((value) => typeof value === 'object' && value !== null && !Array.isArray(value)),
  stream: v.nullable(v.string()),
});

/** What an engine asks of the extension: secrets, and the language models of VS Code. */
export function hostHandlers(secrets: Secrets): HostHandlers {
  return (engine) => ({
    'secret/get': decoded(v.object({ name: v.string() }), async ({ name }) => ({ value: await secrets.get(name) })),
    'lm/list': () => listLanguageModels(),
    'lm/generate': decoded(generateSchema, (params, signal) => generate(params, signal, (text) => {
      if (params.stream !== null) engine().notify('lm/text', { stream: params.stream, text });
    })),
  });
}
