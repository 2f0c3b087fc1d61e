import { type Effort, normalizeEfforts } from '../../../model/answer-settings/effort.ts'

/**
 * Families of models by the beginnings of their names, as far as their makers say which efforts they take. The first one that
 * matches counts. Empty: the model takes none.
 */
const effortFamilies: readonly (readonly [names: RegExp, efforts: string])[] = [
  // https://platform.openai.com/docs/guides/reasoning
  [/^gpt-5(\.\d+)?-chat/, ''],
  [/^gpt-5-pro/, 'high'],
  [/^gpt-5\.\d+-pro/, 'medium high xhigh'],
  [/^gpt-5(\.1)?-codex(?!-max)/, 'low medium high'],
  [/^gpt-5(\.\d+)?-codex/, 'low medium high xhigh'],
  [/^gpt-5\.1/, 'none low medium high'],
  [/^gpt-(5\.[2-9]|[6-9])/, 'none low medium high xhigh'],
  [/^gpt-5/, 'minimal low medium high'],
  [/^gpt-oss/, 'low medium high'],
  [/^(gpt-[34]|chatgpt-|o1-(mini|preview))/, ''],
  [/^o\d(-|$)/, 'low medium high'],
  // https://platform.claude.com/docs/en/build-with-claude/effort
  [/^claude-(instant|v?2|3-(haiku|sonnet|opus|5))/, ''],
  [/^claude-(3-7|haiku-4|(sonnet|opus)-4(-[015]|-\d{8}|@|$))/, 'low medium high'],
  [/^claude-(sonnet|opus)-4-6/, 'low medium high max'],
  [/^claude-/, 'low medium high xhigh max'],
  // https://ai.google.dev/gemini-api/docs/openai
  [/^gemini-.*(image|tts|audio|live)/, ''],
  [/^gemini-(1|2\.0)/, ''],
  [/^gemini-2\.5-pro/, 'low medium high'],
  [/^gemini-2\.5/, 'none low medium high'],
  [/^gemini-3-pro/, 'low high'],
  [/^gemini-[3-9][\d.]*-flash/, 'minimal low medium high'],
  [/^gemini-/, 'low medium high'],
  // https://api-docs.deepseek.com/guides/thinking_mode
  [/^deepseek-(chat|coder|r1|v[1-3])/, ''],
  [/^deepseek-(v\d|flash|pro|reasoner)/, 'low high max'],
  // https://docs.mistral.ai/capabilities/reasoning
  [/^mistral-(small-(latest|4|2[6-9])|medium-(latest|3[.-][5-9]|[4-9]))/, 'none high'],
  [/^(mistral|magistral|ministral|codestral|devstral|pixtral|mixtral|open-mi)/, ''],
  // https://docs.x.ai/docs/guides/reasoning
  [/^grok-3-mini/, 'low high'],
  [/^grok-(4\.[3-9]|[5-9]|latest)/, 'none low medium high'],
  [/^grok-/, ''],
]

/**
 * Families of models that take other efforts at one provider, by the name of its dialect. What it calls `default` is not in the
 * scale: that is what a request without an effort has.
 */
const effortFamiliesByDialect: Readonly<Record<string, typeof effortFamilies>> = {
  // https://console.groq.com/docs/reasoning
  groq: [[/^qwen-?3/, 'none']],
}

/**
 * The efforts that the family of a model takes, least first, at the provider with this dialect. Null if nothing is known about
 * it.
 */
export function findKnownEfforts(name: string, dialectName: string | null = null): readonly Effort[] | null {
  // Gateways put the maker before the name, and variants behind it; some write `claude-opus-4.6`.
  const bare = (name.toLowerCase().split('/').at(-1) ?? '').replace(/:.*$/, '').replace(/^[a-z]+\.(?=claude-)/, '')
  const normalized = bare.startsWith('claude-') ? bare.replaceAll('.', '-') : bare
  const families = [...(effortFamiliesByDialect[dialectName ?? ''] ?? []), ...effortFamilies]
  const family = families.find(([names]) => names.test(normalized))
  return family ? normalizeEfforts(family[1].split(' ')) : null
}
