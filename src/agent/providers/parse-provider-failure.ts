import { APICallError, JSONParseError, TypeValidationError } from 'ai'
import { z } from 'zod'
import { parseJson } from '../../lib/parse-json.ts'

/** What is known of a failed request to a provider, whatever shape its error came in. */
export interface Failure {
  /** The HTTP status, or what stands for one in an error sent within a stream. */
  readonly status: number | null
  /** What the provider said of it, to people. */
  readonly said: string | null
  /** All that it and the connection said, to programs and people, in lower case and without links. */
  readonly words: string
}

const word = z.union([z.string(), z.number()]).nullish().catch(null)
const sentence = z.string().nullish().catch(null)

const details = z.object({ message: sentence, detail: sentence, type: word, code: word, status: word })
const payload = details.extend({ error: z.union([z.string(), details]).nullish().catch(null) })

/** Reads an error of the SDK or of `fetch`, or one that a provider sent in a body or in the midst of a stream. */
export function readFailure(error: unknown): Failure {
  const names = connectionNames(error)
  const parsed = payload.safeParse(providersOwn(error))
  if (!parsed.success)
    return { status: statusOf(error), said: proseOf(error), words: toWords([...names, proseOf(error)]) }

  const { error: nested, ...outer } = parsed.data
  const inner = typeof nested === 'string' ? { message: nested } : nested
  const said = inner?.message ?? inner?.detail ?? outer.message ?? outer.detail ?? null
  const figures = [inner, outer].flatMap((level) => [level?.type, level?.code, level?.status])
  return {
    status: statusOf(error) ?? figures.map(httpStatus).find((status) => status !== null) ?? null,
    said,
    words: toWords([...names, ...figures, said]),
  }
}

/** What came over the wire, parsed; null where nothing did. */
function providersOwn(error: unknown): unknown {
  if (APICallError.isInstance(error)) return parseJson(error.responseBody ?? '')
  if (TypeValidationError.isInstance(error)) return error.value
  // The SDK's class for errors within a stream is not exported; it has the fields of what was sent.
  if (error instanceof Error && error.name !== 'AI_StreamProviderError') return null
  return typeof error === 'string' ? { message: error } : error
}

/** A body that is no JSON, as a proxy on the way sends it; a page of markup tells nobody anything. */
function proseOf(error: unknown): string | null {
  const body = APICallError.isInstance(error) ? (error.responseBody ?? '').trim() : ''
  return body === '' || body.startsWith('<') ? null : body
}

function statusOf(error: unknown): number | null {
  return error instanceof Error && 'statusCode' in error ? httpStatus(error.statusCode) : null
}

function httpStatus(figure: unknown): number | null {
  const status = Number(figure)
  return Number.isInteger(status) && status >= 400 && status <= 599 ? status : null
}

/** The names and codes of an error and of its causes, such as ECONNREFUSED. */
function connectionNames(error: unknown): string[] {
  const names: string[] = []
  for (let cause = error, depth = 0; cause instanceof Error && depth < 5; cause = cause.cause, depth += 1) {
    names.push(cause.name)
    if ('code' in cause && typeof cause.code === 'string') names.push(cause.code)
  }
  if (JSONParseError.isInstance(error)) names.push('invalid json')
  return names
}

function toWords(parts: readonly unknown[]): string {
  return parts
    .filter((part) => typeof part === 'string' || typeof part === 'number')
    .join(' ')
    .replace(/https?:\/\/\S+/g, '')
    .toLowerCase()
}
