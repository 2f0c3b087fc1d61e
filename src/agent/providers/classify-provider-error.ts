import type { StreamErrorCode } from '../../model/stream.ts'
import { AgentError } from '../agent.ts'
import { parseProviderFailure, type ProviderFailure } from './parse-provider-failure.ts'
import { redact } from '../../lib/redact.ts'
import { truncate } from '../../lib/truncate.ts'

const maxMessageLength = 500 // UTF-16 code units

interface ErrorRule {
  readonly code: StreamErrorCode
  readonly matches: (failure: ProviderFailure) => boolean
  readonly message: string
}

/**
 * What can go wrong at a provider; the first that fits counts. Words stand beside the statuses because providers
 * disagree: an empty account is a 400, a 402 or a 429, and an error in the midst of a stream has no status at all.
 */
const errorRules: readonly ErrorRule[] = [
  {
    code: 'AUTH',
    matches: ({ status, searchText: words }) =>
      status === 401 ||
      status === 403 ||
      /invalid_api_key|incorrect api key|authentication_error|permission_error/.test(words),
    message: 'The provider refused the API key: check that it is set, valid and allowed to use this model.',
  },
  {
    code: 'CONTEXT_LENGTH',
    matches: ({ status, searchText: words }) =>
      status === 413 ||
      /context_length_exceeded|maximum context length|prompt is too long|context window|available context size/.test(
        words,
      ),
    message: 'The conversation is too long for this model: start a new one or choose a model that takes more.',
  },
  {
    code: 'QUOTA',
    matches: ({ status, searchText: words }) =>
      status === 402 ||
      /insufficient_quota|exceeded your current quota|credit balance|billing_|insufficient (balance|credits?|funds)/.test(
        words,
      ) ||
      // In a 429 these words tell an empty account from a busy server, unless it names itself a limit of the rate.
      (status === 429 && /quota|billing|credit/.test(words) && !/rate_limit/.test(words)),
    message: "The account's quota or credit at the provider is used up: add some there or choose another provider.",
  },
  {
    code: 'RATE_LIMIT',
    matches: ({ status, searchText: words }) =>
      status === 429 || status === 529 || /rate_limit|overloaded_error|too many requests/.test(words),
    message: 'The provider takes no more requests at the moment: wait a little and try again.',
  },
  {
    code: 'TIMEOUT',
    matches: ({ status, searchText: words }) =>
      status === 408 ||
      status === 504 ||
      /timeouterror|etimedout|und_err_\w*timeout|timeout_error|timed out/.test(words),
    message: 'The provider did not answer in time: try again.',
  },
  {
    code: 'MODEL_NOT_FOUND',
    matches: ({ status, searchText: words }) => status === 404 || /model_not_found|not_found_error/.test(words),
    message:
      'The provider does not know this model: choose another one, or check its name and the address of the provider.',
  },
  {
    code: 'PROVIDER',
    matches: ({ searchText: words }) =>
      /econnrefused|enotfound|eai_again|ehostunreach|enetunreach|cert_|err_tls|err_ssl/.test(words),
    message: 'The provider could not be reached: check its address and whether it is running.',
  },
  {
    code: 'PROVIDER',
    matches: ({ searchText: words }) => /und_err_socket|econnreset|epipe/.test(words),
    message: 'The connection to the provider was cut before the answer was whole: try again.',
  },
  {
    code: 'PROVIDER',
    matches: ({ searchText: words }) =>
      /ai_(jsonparse|typevalidation|invalidresponsedata|emptyresponsebody)error/.test(words),
    message: 'The provider sent an answer that cannot be understood: try again or choose another model.',
  },
  {
    code: 'PROVIDER',
    matches: ({ status }) => status !== null && status < 500,
    message: 'The provider refused the request.',
  },
  {
    code: 'PROVIDER',
    matches: () => true,
    message: 'The provider could not finish the answer: try again.',
  },
]

/**
 * What a failed request means to the person who waits: a code, and a sentence of ours that says what to do, with the
 * provider's own words after it where it sent some. It holds none of `secrets`, nothing else that looks like one, and
 * nothing of this process. At most 500 code units.
 */
export function toAgentError(error: unknown, secrets: readonly string[]): AgentError {
  if (error instanceof AgentError) return error
  const failure = parseProviderFailure(error)
  const rule = errorRules.find(({ matches }) => matches(failure))
  return new AgentError(
    rule?.code ?? 'PROVIDER',
    truncate(
      `${rule?.message ?? ''}${formatProviderMessage(failure.message, secrets)}`.toWellFormed(),
      maxMessageLength,
    ),
  )
}

/** Whether the same request, sent once more a moment later, may be answered. */
export function isRetryable(error: unknown): boolean {
  if (error instanceof AgentError) return false
  const failure = parseProviderFailure(error)
  const code = errorRules.find(({ matches }) => matches(failure))?.code
  if (code === 'RATE_LIMIT') return true
  return (
    code === 'PROVIDER' &&
    (failure.status ?? 500) >= 500 &&
    !/ai_(jsonparse|typevalidation)error/.test(failure.searchText)
  )
}

function formatProviderMessage(message: string | null, secrets: readonly string[]): string {
  // What follows the first line is a stack more often than a sentence.
  const line = redact(message ?? '', secrets)
    .trim()
    .split('\n')[0]
    ?.trim()
  return line ? ` The provider says: ${line}` : ''
}
