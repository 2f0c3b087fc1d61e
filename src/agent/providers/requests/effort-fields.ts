import type { Dialect } from '../dialect.ts'

/** Says the effort of a request in chat completions as a dialect does. The SDK says it as `reasoning_effort`. */
export function toEffortFields(
  { reasoning_effort: effort, ...body }: Readonly<Record<string, unknown>>,
  { effortFields }: Pick<Dialect, 'effortFields'>,
): Record<string, unknown> {
  if (effort === undefined) return body
  return {
    ...body,
    ...(effortFields.includes('reasoning_effort') && { reasoning_effort: effort }),
    ...(effortFields.includes('reasoning') && { reasoning: { effort } }),
    ...(effortFields.includes('chat_template_kwargs') && {
      chat_template_kwargs: { reasoning_effort: effort, enable_thinking: effort !== 'none' },
    }),
  }
}
