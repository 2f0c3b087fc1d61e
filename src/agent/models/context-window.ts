/** Context windows of model families, in tokens. The most specific patterns come first. */
const contextWindows: readonly (readonly [RegExp, number])[] = [
  [/^gpt-4\.1/, 1_047_576],
  [/^gpt-5-chat/, 128_000],
  [/^gpt-5/, 272_000], // the input limit; 400,000 with output
  [/^o1-(mini|preview)/, 128_000],
  [/^(o1|o3|o4)/, 200_000],
  [/^(gpt-4o|chatgpt-4o|gpt-4-turbo|gpt-4\.5|gpt-4-\d+-preview|gpt-4-vision)/, 128_000],
  [/^gpt-4-32k/, 32_768],
  [/^gpt-4/, 8192],
  [/^gpt-3\.5/, 16_385],
  [/claude/, 200_000],
  [/gemini/, 1_048_576],
]

/** For unknown models. Smaller windows must be configured. */
const defaultContextWindow = 128_000

/** Estimates the context window of a model from its name, in tokens. Ignores a vendor prefix, as in `vendor/name`. */
export function guessContextWindow(modelName: string): number {
  const name = modelName.toLowerCase().replace(/^.*\/|^ft:/, '')
  return contextWindows.find(([pattern]) => pattern.test(name))?.[1] ?? defaultContextWindow
}
