import { AgentError } from '../../agent.ts'
import type { ProviderErrorKind } from '../dialect.ts'
import { providerDialects } from '../select-dialect.ts'
import { readContentRefusal } from './content-refusals.ts'
import { parseProviderFailure, type ProviderFailure } from './parse-provider-failure.ts'
import { type ProviderErrorFamily, providerErrorFamilies } from './provider-error-families.ts'
import { AdjustableRequestRejectionError, type ProviderRequestRejection } from './provider-request-rejection.ts'
import { redact } from '../../../lib/text/redact.ts'
import { truncate } from '../../../lib/text/truncate.ts'

const maxMessageLength = 500 // UTF-16 code units

/** What people configure as the key of a server without keys. As words of a message they are no secrets. */
const placeholderKeyPattern =
  /^(.{1,3}|none|null|empty|ollama|lm[-_ ]?studio|vllm|llama\w*|local\w*|dummy|test|no[-_ ]?(api)?[-_ ]?key.*|not[-_ ]?(needed|required))$/i

/** Statuses of refusals, whose reason the text may tell. 404: the model may exist, but not for such a request. */
const unknownRefusalStatuses: ReadonlySet<number> = new Set([400, 404, 415, 422, 501])

/** The families of errors about which nothing more is known. */
const rejected: ProviderErrorFamily = {
  kind: null,
  code: 'PROVIDER',
  message: 'The provider rejected the request.',
  isTransient: false,
  readRefusal: (failure) => readContentRefusal(failure) ?? readUnknownRefusal(failure),
}
const failed: ProviderErrorFamily = {
  kind: null,
  code: 'PROVIDER',
  message: 'The provider could not complete the answer. Try again.',
  isTransient: true,
  readRefusal: ({ status }) => (status === 500 ? { type: 'server-failure' } : null),
}

/** What an error may mean that says nothing about its reason but its status. */
function readUnknownRefusal({ status }: ProviderFailure): ProviderRequestRejection | null {
  return status !== null && unknownRefusalStatuses.has(status) ? { type: 'unknown' } : null
}

/**
 * Whether the error refuses the request, so that something can be learned from it. One of a server that failed may have the
 * words of the chat in it; it counts only if it has a code, or words that cannot be mistaken.
 */
function refusesRequest(failure: ProviderFailure, family: ProviderErrorFamily): boolean {
  const { status, searchText } = failure
  if (status === null || status < 500 || status === 501 || family === failed) return true
  return hasCodeOf(family, failure) || (family.unmistakableWording?.test(searchText) ?? false)
}

function hasCodeOf({ codes, kind }: ProviderErrorFamily, failure: ProviderFailure): boolean {
  return failure.codes.some((code) => codes?.test(code) || isCodeOfDialect(code, kind))
}

/** The codes of all dialects count: gateways pass on those of the provider behind them. */
function isCodeOfDialect(code: string, kind: ProviderErrorKind | null): boolean {
  return kind !== null && providerDialects.some(({ errors }) => errors.codes[kind]?.includes(code))
}

/** Ways to recognise a family, the most reliable one first. */
const matchers: readonly ((family: ProviderErrorFamily, failure: ProviderFailure) => boolean)[] = [
  ({ decisiveWording }, { searchText }) => decisiveWording?.test(searchText) ?? false,
  hasCodeOf,
  ({ statuses = [] }, { status }) => status !== null && statuses.includes(status),
  ({ wording }, { searchText }) => wording?.test(searchText) ?? false,
  ({ vagueCodes }, { codes }) => vagueCodes !== undefined && codes.some((code) => vagueCodes.test(code)),
  matchesVagueStatus,
]

function matchesVagueStatus({ vagueStatuses = [] }: ProviderErrorFamily, { status }: ProviderFailure): boolean {
  return status !== null && vagueStatuses.includes(status)
}

/**
 * Converts an error of a request to a code and a message for users: what is wrong, what to do, and the provider's own
 * message if it sent one. The message contains neither the given secrets, nor anything else that looks like a secret or
 * a local path. It has at most 500 UTF-16 code units. It is an AdjustableRequestRejectionError if a changed request may be accepted.
 * `retryAt` is when the provider wants to be asked again.
 */
export function toAgentError(error: unknown, secrets: readonly string[], retryAt: number | null = null): AgentError {
  if (error instanceof AgentError) return error
  const failure = parseProviderFailure(error)
  const { family, isVague } = classify(failure)
  const { code, message } = family
  const words = `${message}${formatProviderMessage(failure.message, secrets)}`
  const text = truncate(words.toWellFormed(), maxMessageLength)
  const readRefusal = isVague && !family.readRefusal ? readUnknownRefusal : family.readRefusal
  const refusal = (refusesRequest(failure, family) && readRefusal?.(failure)) || null
  return refusal ? new AdjustableRequestRejectionError(code, text, refusal) : new AgentError(code, text, { retryAt })
}

/** Whether the same request may succeed a moment later. */
export function isRetryableProviderError(error: unknown): boolean {
  return !(error instanceof AgentError) && classify(parseProviderFailure(error)).family.isTransient
}

interface ProviderErrorClassification {
  readonly family: ProviderErrorFamily
  /** Only the status speaks for the family. */
  readonly isVague: boolean
}

function classify(failure: ProviderFailure): ProviderErrorClassification {
  const families = providerErrorFamilies.filter(
    (family) => family.isRefusalOnly !== true || refusesRequest(failure, family),
  )
  for (const matches of matchers) {
    const family = families.find((each) => matches(each, failure))
    if (family) return { family, isVague: matches === matchesVagueStatus }
  }
  return { family: failure.status !== null && failure.status < 500 ? rejected : failed, isVague: false }
}

function formatProviderMessage(message: string | null, secrets: readonly string[]): string {
  // Further lines are usually a stack trace.
  const line = redact(
    message ?? '',
    secrets.filter((secret) => !placeholderKeyPattern.test(secret)),
  )
    .trim()
    .split('\n')[0]
    ?.trim()
  return line ? ` The provider says: ${line}` : ''
}
