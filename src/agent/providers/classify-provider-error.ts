import type { StreamErrorCode } from '../../model/records.ts'
import { AgentError } from '../agent.ts'
import { readFailure } from './parse-provider-failure.ts'
import type { Failure } from './parse-provider-failure.ts'
import { redact } from '../../lib/redact.ts'

const longestMessage = 500 // UTF-16 code units

interface Kind {
  readonly code: StreamErrorCode
  readonly fits: (failure: Failure) => boolean
  readonly sentence: string
}

/**
 * What can go wrong at a provider; the first that fits counts. Words stand beside the statuses because providers
 * disagree: an empty account is a 400, a 402 or a 429, and an error in the midst of a stream has no status at all.
 */
const kinds: readonly Kind[] = [
  {
    code: 'AUTH',
    fits: ({ status, words }) =>
      status === 401 ||
      status === 403 ||
      /invalid_api_key|incorrect api key|authentication_error|permission_error/.test(words),
    sentence: 'The provider refused the API key: check that it is set, valid and allowed to use this model.',
  },
  {
    code: 'CONTEXT_LENGTH',
    fits: ({ status, words }) =>
      status === 413 ||
      /context_length_exceeded|maximum context length|prompt is too long|context window|available context size/.test(
        words,
      ),
    sentence: 'The conversation is too long for this model: start a new one or choose a model that takes more.',
  },
  {
    code: 'QUOTA',
    fits: ({ status, words }) =>
      status === 402 ||
      /insufficient_quota|exceeded your current quota|credit balance|billing_|insufficient (balance|credits?|funds)/.test(
        words,
      ) ||
      // In a 429 these words tell an empty account from a busy server, unless it names itself a limit of the rate.
      (status === 429 && /quota|billing|credit/.test(words) && !/rate_limit/.test(words)),
    sentence: "The account's quota or credit at the provider is used up: add some there or choose another provider.",
  },
  {
    code: 'RATE_LIMIT',
    fits: ({ status, words }) =>
      status === 429 || status === 529 || /rate_limit|overloaded_error|too many requests/.test(words),
    sentence: 'The provider takes no more requests at the moment: wait a little and try again.',
  },
  {
    code: 'TIMEOUT',
    fits: ({ status, words }) =>
      status === 408 ||
      status === 504 ||
      /timeouterror|etimedout|und_err_\w*timeout|timeout_error|timed out/.test(words),
    sentence: 'The provider did not answer in time: try again.',
  },
  {
    code: 'MODEL_NOT_FOUND',
    fits: ({ status, words }) => status === 404 || /model_not_found|not_found_error/.test(words),
    sentence:
      'The provider does not know this model: choose another one, or check its name and the address of the provider.',
  },
  {
    code: 'PROVIDER',
    fits: ({ words }) => /econnrefused|enotfound|eai_again|ehostunreach|enetunreach|cert_|err_tls|err_ssl/.test(words),
    sentence: 'The provider could not be reached: check its address and whether it is running.',
  },
  {
    code: 'PROVIDER',
    fits: ({ words }) => /und_err_socket|econnreset|epipe/.test(words),
    sentence: 'The connection to the provider was cut before the answer was whole: try again.',
  },
  {
    code: 'PROVIDER',
    fits: ({ words }) => /ai_(jsonparse|typevalidation|invalidresponsedata|emptyresponsebody)error/.test(words),
    sentence: 'The provider sent an answer that cannot be understood: try again or choose another model.',
  },
  {
    code: 'PROVIDER',
    fits: ({ status }) => status !== null && status < 500,
    sentence: 'The provider refused the request.',
  },
  {
    code: 'PROVIDER',
    fits: () => true,
    sentence: 'The provider could not finish the answer: try again.',
  },
]

/**
 * What a failed request means to the person who waits: a code, and a sentence of ours that says what to do, with the
 * provider's own words after it where it sent some. It holds none of `secrets`, nothing else that looks like one, and
 * nothing of this process. At most 500 code units.
 */
export function toAgentError(error: unknown, secrets: readonly string[]): AgentError {
  if (error instanceof AgentError) return error
  const failure = readFailure(error)
  const kind = kinds.find(({ fits }) => fits(failure))
  return new AgentError(kind?.code ?? 'PROVIDER', cap(`${kind?.sentence ?? ''}${quote(failure.said, secrets)}`))
}

/** Whether the same request, sent once more a moment later, may be answered. */
export function isPassing(error: unknown): boolean {
  if (error instanceof AgentError) return false
  const failure = readFailure(error)
  const code = kinds.find(({ fits }) => fits(failure))?.code
  if (code === 'RATE_LIMIT') return true
  return (
    code === 'PROVIDER' && (failure.status ?? 500) >= 500 && !/ai_(jsonparse|typevalidation)error/.test(failure.words)
  )
}

function quote(said: string | null, secrets: readonly string[]): string {
  // What follows the first line is a stack more often than a sentence.
  const line = redact(said ?? '', secrets)
    .trim()
    .split('\n')[0]
    ?.trim()
  return line ? ` The provider says: ${line}` : ''
}

function cap(message: string): string {
  const whole = message.toWellFormed()
  return whole.length <= longestMessage ? whole : `${whole.slice(0, longestMessage - 1).toWellFormed()}…`
}
