/** Model families and how many tokens their context holds, the most special names first. */
const contextWindows: readonly (readonly [RegExp, number])[] = [
  [/^gpt-4\.1/, 1_047_576],
  [/^gpt-5-chat/, 128_000],
  [/^gpt-5/, 272_000], // of the 400,000, what may go in
  [/^o1-(mini|preview)/, 128_000],
  [/^(o1|o3|o4)/, 200_000],
  [/^(gpt-4o|chatgpt-4o|gpt-4-turbo|gpt-4\.5|gpt-4-\d+-preview|gpt-4-vision)/, 128_000],
  [/^gpt-4-32k/, 32_768],
  [/^gpt-4/, 8192],
  [/^gpt-3\.5/, 16_385],
  [/claude/, 200_000],
  [/gemini/, 1_048_576],
]

/** Where nothing is known. Smaller ones are told of in the configuration. */
const defaultContextWindow = 128_000

/** How many tokens the context of a model holds, as far as its name tells. A vendor's name before it is passed over. */
export function findContextWindow(modelName: string): number {
  const name = modelName.toLowerCase().replace(/^.*\/|^ft:/, '')
  return contextWindows.find(([pattern]) => pattern.test(name))?.[1] ?? defaultContextWindow
}
