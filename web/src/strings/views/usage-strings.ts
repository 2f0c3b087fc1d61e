/** The texts of tokens and costs. */
export const usageStrings = {
  estimated: 'Estimated:',
  summary: {
    tokens: (input: string, output: string) => `${input} in, ${output} out`,
    details: (input: string, cached: string, output: string, reasoning: string) =>
      `${input} input tokens (${cached} cached), ${output} output tokens (${reasoning} reasoning)`,
  },
} as const
