/** A vendor that speaks OpenAI's protocol, by the prefix of promptfoo's ids. */
export interface Vendor {
  readonly prefix: string;
  readonly name: string;
  /** `null`: there is no address for everybody; `needs` says what to set. */
  readonly baseUrl: string | null;
  /** Environment variables that replace the address, in order. */
  readonly baseUrlVariables: readonly string[];
  /** Names of the secret that holds the key, in order of preference; empty: no key is sent. */
  readonly keys: readonly string[];
  /** A key is sent when there is one, and not missed otherwise (servers on one's own machine). */
  readonly keyOptional?: boolean;
  /** Prefix of the price table's names. Absent: prices depend on where the model runs. */
  readonly prices?: string;
  readonly needs?: string;
  readonly docs: string;
}

const remote = (prefix: string, name: string, baseUrl: string, keys: readonly string[], docs: string, extra: Partial<Vendor> = {}): Vendor => ({
  prefix,
  name,
  baseUrl,
  baseUrlVariables: [],
  keys,
  docs,
  ...extra,
});

const ownServer = (prefix: string, name: string, baseUrl: string, variable: string, docs: string): Vendor => ({
  prefix,
  name,
  baseUrl,
  baseUrlVariables: [variable],
  keys: [`${variable.replace(/_(BASE_URL|HOST)$/, '')}_API_KEY`],
  keyOptional: true,
  docs,
});

const addressNeeded = (prefix: string, name: string, keys: readonly string[], needs: string, docs: string): Vendor => ({
  prefix,
  name,
  baseUrl: null,
  baseUrlVariables: [],
  keys,
  needs,
  docs,
});

/**
 * Addresses and key names as the vendors' own pages give them (`docs`). One row a vendor; a prefix that is missing here can
 * always be given a `baseUrl` below `models:` in touchstone.yml.
 */
export const VENDORS: readonly Vendor[] = [
  remote('openai', 'OpenAI', 'https://api.openai.com/v1', ['OPENAI_API_KEY'], 'https://platform.openai.com/docs/api-reference', {
    baseUrlVariables: ['OPENAI_BASE_URL', 'OPENAI_API_BASE_URL'],
    prices: 'openai',
  }),
  remote('anthropic', 'Anthropic', 'https://api.anthropic.com/v1', ['ANTHROPIC_API_KEY'], 'https://docs.claude.com/en/api/openai-sdk', {
    baseUrlVariables: ['ANTHROPIC_BASE_URL'],
    prices: 'anthropic',
  }),
  remote('google', 'Google Gemini', 'https://generativelanguage.googleapis.com/v1beta/openai', ['GEMINI_API_KEY', 'GOOGLE_API_KEY'], 'https://ai.google.dev/gemini-api/docs/openai', { prices: 'google' }),
  remote('openrouter', 'OpenRouter', 'https://openrouter.ai/api/v1', ['OPENROUTER_API_KEY'], 'https://openrouter.ai/docs'),
  remote('groq', 'Groq', 'https://api.groq.com/openai/v1', ['GROQ_API_KEY'], 'https://console.groq.com/docs/openai', { prices: 'groq' }),
  remote('mistral', 'Mistral', 'https://api.mistral.ai/v1', ['MISTRAL_API_KEY'], 'https://docs.mistral.ai/api/', { prices: 'mistral' }),
  remote('deepseek', 'DeepSeek', 'https://api.deepseek.com/v1', ['DEEPSEEK_API_KEY'], 'https://api-docs.deepseek.com/', { prices: 'deepseek' }),
  remote('xai', 'xAI', 'https://api.x.ai/v1', ['XAI_API_KEY'], 'https://docs.x.ai/docs/api-reference', { prices: 'xai' }),
  remote('togetherai', 'Together AI', 'https://api.together.xyz/v1', ['TOGETHER_API_KEY'], 'https://docs.together.ai/docs/openai-api-compatibility'),
  remote('fireworks', 'Fireworks AI', 'https://api.fireworks.ai/inference/v1', ['FIREWORKS_API_KEY'], 'https://docs.fireworks.ai/tools-sdks/openai-compatibility'),
  remote('perplexity', 'Perplexity', 'https://api.perplexity.ai', ['PERPLEXITY_API_KEY'], 'https://docs.perplexity.ai/guides/chat-completions-guide'),
  remote('cerebras', 'Cerebras', 'https://api.cerebras.ai/v1', ['CEREBRAS_API_KEY'], 'https://inference-docs.cerebras.ai/resources/openai'),
  remote('cohere', 'Cohere', 'https://api.cohere.ai/compatibility/v1', ['COHERE_API_KEY'], 'https://docs.cohere.com/docs/compatibility-api'),
  remote('deepinfra', 'DeepInfra', 'https://api.deepinfra.com/v1/openai', ['DEEPINFRA_API_KEY'], 'https://deepinfra.com/docs/openai_api'),
  remote('hyperbolic', 'Hyperbolic', 'https://api.hyperbolic.xyz/v1', ['HYPERBOLIC_API_KEY'], 'https://docs.hyperbolic.xyz/docs/getting-started'),
  remote('sambanova', 'SambaNova', 'https://api.sambanova.ai/v1', ['SAMBANOVA_API_KEY'], 'https://docs.sambanova.ai/'),
  remote('huggingface', 'Hugging Face', 'https://router.huggingface.co/v1', ['HF_TOKEN', 'HF_API_TOKEN'], 'https://huggingface.co/docs/inference-providers'),
  remote('nvidia', 'NVIDIA', 'https://integrate.api.nvidia.com/v1', ['NVIDIA_API_KEY'], 'https://docs.api.nvidia.com/'),
  remote('alibaba', 'Alibaba Model Studio', 'https://dashscope-intl.aliyuncs.com/compatible-mode/v1', ['DASHSCOPE_API_KEY'], 'https://www.alibabacloud.com/help/en/model-studio/'),
  remote('moonshot', 'Moonshot', 'https://api.moonshot.ai/v1', ['MOONSHOT_API_KEY'], 'https://platform.moonshot.ai/docs'),
  remote('github', 'GitHub Models', 'https://models.github.ai/inference', ['GITHUB_TOKEN'], 'https://docs.github.com/en/github-models'),
  ownServer('ollama', 'Ollama', 'http://localhost:11434/v1', 'OLLAMA_BASE_URL', 'https://docs.ollama.com/api/openai-compatibility'),
  ownServer('localai', 'LocalAI', 'http://localhost:8080/v1', 'LOCALAI_BASE_URL', 'https://localai.io/features/text-generation/'),
  ownServer('vllm', 'vLLM', 'http://localhost:8000/v1', 'VLLM_BASE_URL', 'https://docs.vllm.ai/en/latest/serving/openai_compatible_server.html'),
  ownServer('lmstudio', 'LM Studio', 'http://localhost:1234/v1', 'LMSTUDIO_BASE_URL', 'https://lmstudio.ai/docs/app/api'),
  ownServer('llamafile', 'llamafile', 'http://localhost:8080/v1', 'LLAMAFILE_BASE_URL', 'https://github.com/Mozilla-Ocho/llamafile'),
  ownServer('litellm', 'LiteLLM', 'http://localhost:4000/v1', 'LITELLM_BASE_URL', 'https://docs.litellm.ai/docs/proxy/user_keys'),
  addressNeeded('vertex', 'Google Vertex AI', ['VERTEX_ACCESS_TOKEN'], 'Its OpenAI-compatible address holds your project and region (https://REGION-aiplatform.googleapis.com/v1/projects/PROJECT/locations/REGION/endpoints/openapi), and it takes an access token, not a key', 'https://cloud.google.com/vertex-ai/generative-ai/docs/start/openai'),
  addressNeeded('bedrock', 'Amazon Bedrock', ['AWS_BEARER_TOKEN_BEDROCK'], 'Touchstone signs no AWS requests: use Bedrock\'s OpenAI-compatible address with a Bedrock API key, or a gateway such as LiteLLM', 'https://docs.aws.amazon.com/bedrock/latest/userguide/inference-chat-completions.html'),
  addressNeeded('databricks', 'Databricks', ['DATABRICKS_TOKEN'], 'Its address holds your workspace (https://WORKSPACE/serving-endpoints)', 'https://docs.databricks.com/aws/en/machine-learning/model-serving/query-chat-models'),
  addressNeeded('cloudflare-ai', 'Cloudflare Workers AI', ['CLOUDFLARE_API_KEY'], 'Its address holds your account (https://api.cloudflare.com/client/v4/accounts/ACCOUNT/ai/v1)', 'https://developers.cloudflare.com/workers-ai/configuration/open-ai-compatibility/'),
  addressNeeded('portkey', 'Portkey', ['PORTKEY_API_KEY'], 'A gateway\'s address and headers are your own', 'https://portkey.ai/docs'),
  addressNeeded('helicone', 'Helicone', ['HELICONE_API_KEY'], 'A gateway\'s address and headers are your own', 'https://docs.helicone.ai/'),
];

/** Other spellings of the prefixes above. */
const VENDOR_ALIASES: Readonly<Record<string, string>> = {
  gemini: 'google',
  palm: 'google',
  together: 'togetherai',
  'together-ai': 'togetherai',
  mistralai: 'mistral',
  'x-ai': 'xai',
  grok: 'xai',
  'fireworks-ai': 'fireworks',
  dashscope: 'alibaba',
  hf: 'huggingface',
};

const byPrefix = new Map(VENDORS.map((vendor) => [vendor.prefix, vendor]));

export function findVendor(prefix: string): Vendor | undefined {
  return byPrefix.get(VENDOR_ALIASES[prefix] ?? prefix);
}
