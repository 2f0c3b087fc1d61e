import type { StreamErrorCode } from '../../model/stream.ts'
import { AgentError } from '../agent.ts'
import { parseProviderFailure, type ProviderFailure } from './parse-provider-failure.ts'
import { redact } from '../../lib/text/redact.ts'
import { truncate } from '../../lib/text/truncate.ts'

const maxMessageLength = 500 // UTF-16 code units

interface ErrorRule {
  readonly code: StreamErrorCode
  readonly matches: (failure: ProviderFailure) => boolean
  readonly message: string
}

/**
 * The errors of providers; the first matching rule applies. Rules match texts beside HTTP statuses, because providers
 * disagree: an empty account is a 400, a 402 or a 429, and an error within a stream has no status at all.
 */
const errorRules: readonly ErrorRule[] = [
  {
    code: 'AUTH',
    matches: ({ status, searchText }) =>
      status === 401 ||
      status === 403 ||
      /invalid_api_key|incorrect api key|authentication_error|permission_error/.test(searchText),
    message: 'The provider rejected the API key. Check that it is set, valid and allowed to use this model.',
  },
  {
    code: 'CONTEXT_LENGTH',
    matches: ({ status, searchText }) =>
      status === 413 ||
      /context_length_exceeded|maximum context length|prompt is too long|context window|available context size/.test(
        searchText,
      ),
    message:
      'The conversation is too long for this model. Start a new one or choose a model with a larger context window.',
  },
  {
    code: 'QUOTA',
    matches: ({ status, searchText }) =>
      status === 402 ||
      /insufficient_quota|exceeded your current quota|credit balance|billing_|insufficient (balance|credits?|funds)/.test(
        searchText,
      ) ||
      // In a 429, these texts distinguish an empty account from a rate limit, unless it is named as one.
      (status === 429 && /quota|billing|credit/.test(searchText) && !/rate_limit/.test(searchText)),
    message: "The account's quota or credit at the provider is used up. Add credit or choose another provider.",
  },
  {
    code: 'RATE_LIMIT',
    matches: ({ status, searchText }) =>
      status === 429 || status === 529 || /rate_limit|overloaded_error|too many requests/.test(searchText),
    message: 'The provider accepts no more requests at the moment. Wait a little and try again.',
  },
  {
    code: 'TIMEOUT',
    matches: ({ status, searchText }) =>
      status === 408 ||
      status === 504 ||
      /timeouterror|etimedout|und_err_\w*timeout|timeout_error|timed out/.test(searchText),
    message: 'The provider did not respond in time. Try again.',
  },
  {
    code: 'MODEL_NOT_FOUND',
    matches: ({ status, searchText }) => status === 404 || /model_not_found|not_found_error/.test(searchText),
    message:
      'The provider does not know this model. Choose another one, or check its name and the URL of the provider.',
  },
  {
    code: 'PROVIDER',
    matches: ({ searchText }) =>
      /econnrefused|enotfound|eai_again|ehostunreach|enetunreach|cert_|err_tls|err_ssl/.test(searchText),
    message: 'The provider could not be reached. Check its URL and whether it is running.',
  },
  {
    code: 'PROVIDER',
    matches: ({ searchText }) => /und_err_socket|econnreset|epipe/.test(searchText),
    message: 'The connection to the provider broke before the answer was complete. Try again.',
  },
  {
    code: 'PROVIDER',
    matches: ({ searchText }) =>
      /ai_(jsonparse|typevalidation|invalidresponsedata|emptyresponsebody)error/.test(searchText),
    message: 'The provider sent an invalid response. Try again or choose another model.',
  },
  {
    code: 'PROVIDER',
    matches: ({ status }) => status !== null && status < 500,
    message: 'The provider rejected the request.',
  },
  {
    code: 'PROVIDER',
    matches: () => true,
    message: 'The provider could not complete the answer. Try again.',
  },
]

/**
 * Converts an error of a request to a code and a message for users: what is wrong, what to do, and the provider's own
 * message if it sent one. The message contains neither the given secrets, nor anything else that looks like a secret or
 * a local path. It has at most 500 UTF-16 code units.
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

/** Whether the same request may succeed a moment later. */
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
  // Further lines are usually a stack trace.
  const line = redact(message ?? '', secrets)
    .trim()
    .split('\n')[0]
    ?.trim()
  return line ? ` The provider says: ${line}` : ''
}
