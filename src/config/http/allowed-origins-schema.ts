import { z } from 'zod'
import { isHttpOrigin } from './http-origin.ts'

const example = 'http://localhost:5173'
const listError = `Must be a list of exact origins, such as ["${example}"].`

/** `allowOrigins` in config.json: the origins of web pages that may call the API, as browsers send them. */
export const allowedOriginsSchema = z
  .array(z.string({ error: listError }), { error: listError })
  .superRefine((origins, context) => {
    for (const origin of origins) {
      if (!isHttpOrigin(origin)) context.addIssue({ code: 'custom', message: describeInvalidOrigin(origin) })
    }
  })

/** Names the origin that was probably meant: without its path, its default port or its capital letters. */
function describeInvalidOrigin(text: string): string {
  const { origin = '' } = URL.parse(text) ?? {}
  const correct = isHttpOrigin(origin)
    ? `Use ${origin}.`
    : `Use an exact origin with http or https, such as ${example}.`
  return `Invalid value ${JSON.stringify(text)}. ${correct}`
}
