import type { ModelHistoryRequest } from '../../agent.ts'
import { type ContentOmissions, mergeOmissions, noOmissions } from '../../content-omissions.ts'
import { type Effort, effortScale } from '../../../model/answer-settings/effort.ts'
import type { ProviderRequestRejection } from '../../providers/errors/provider-request-rejection.ts'
import type { ModelObserver } from '../model-observer.ts'
import type { ComposedRequest } from './composed-request.ts'
import { ContextShortening, type ContextShorteningOptions } from './context-shortening.ts'
import {
  hasProviderState,
  hasSystemMessage,
  hasToolCalls,
  isFileNamed,
  isImageFile,
  listEarlierFiles,
  listRequestFiles,
} from './request-content.ts'
import { SuspectedFiles } from './suspected-files.ts'

export interface RequestAdaptationOptions extends Pick<
  ContextShorteningOptions,
  'contextWindow' | 'tokenCounter' | 'reportsAssumptions'
> {
  readonly observer: ModelObserver | undefined
  /** The effort that is asked for; null for the model's own default. */
  readonly effort: Effort | null
}

/** How many refusals one answer adapts to. Each leaves less to refuse; a bound for servers that never accept anything. */
const maxAdaptations = 20

/**
 * What the requests of one answer contain, as far as the provider's refusals have changed it. What refusals say, or what is
 * guessed, is remembered for the model when a request without that is accepted.
 */
export class RequestAdaptation {
  readonly #observer: ModelObserver | undefined
  readonly #contextShortening: ContextShortening
  #offersTools: boolean
  /** Whether tools were refused, and no request without them has been accepted yet. */
  #areToolsSuspected = false
  readonly #effort: Effort | null
  #omissions: ContentOmissions
  /** What refusals said since a request was accepted. */
  #refused: Partial<ContentOmissions>[] = []
  /** What is left out as well, because it may be what was refused. */
  #guess: Partial<ContentOmissions> = {}
  /** The files of the request that was refused, until one is accepted. */
  #suspectedFiles: SuspectedFiles | null = null
  #count = 0

  constructor({ observer, effort, ...limits }: RequestAdaptationOptions) {
    this.#observer = observer
    this.#contextShortening = new ContextShortening({
      ...limits,
      ...(observer && { observer: observer.contextSize }),
    })
    this.#effort = effort
    this.#offersTools = observer?.offersTools ?? true
    this.#omissions = observer?.omissions ?? noOmissions
  }

  /** Whether the model is offered tools. */
  get offersTools(): boolean {
    return this.#offersTools
  }

  /** The effort that the model is asked for. Once it was refused, none is, in this answer. */
  get effort(): Effort | null {
    const { efforts } = mergeOmissions(this.#omissions, this.#guess)
    return this.#effort !== null && efforts.has(this.#effort) ? null : this.#effort
  }

  /** Whether the model is sent system messages. */
  get offersSystemMessages(): boolean {
    return !this.#omissions.systemRole
  }

  /** The window of the next requests, in tokens: the model's, or what refusals have shown. */
  get contextWindow(): number {
    return this.#contextShortening.contextWindow
  }

  /** How the history of the next request is loaded. `reservedTokens`: what the request has beside it. */
  createHistoryRequest(reservedTokens: number): ModelHistoryRequest {
    const { shownContextWindow } = this.#contextShortening
    const omissions = mergeOmissions(this.#omissions, this.#guess)
    return { reservedTokens, omissions, ...(shownContextWindow !== null && { contextWindow: shownContextWindow }) }
  }

  /** The provider has begun to answer a request: what was guessed is right. */
  onAccepted({ messages }: ComposedRequest): void {
    const guesses = Object.keys(this.#guess).length > 0 ? [this.#guess] : []
    for (const refused of [...this.#refused, ...guesses]) this.#observer?.reportRefusedContent(refused)
    this.#refused = []
    this.#keepGuess()
    this.#suspectedFiles = null
    if (this.#areToolsSuspected) this.#observer?.reportToolSupport(false)
    this.#areToolsSuspected = false
    if (listRequestFiles(messages).some(isImageFile)) this.#observer?.reportImagesAccepted()
  }

  /** Changes what the next requests contain. Returns false if nothing can be changed: the refusal is final. */
  adaptTo(refusal: ProviderRequestRejection, refused: ComposedRequest): boolean {
    this.#count += 1
    if (this.#count > maxAdaptations) return false
    if (refusal.type === 'context-length') return this.#contextShortening.adaptTo(refusal, refused)
    if (refusal.type === 'request-size') return this.#omitOlderFiles(refused) || this.#shortenContext(refused)
    if (refusal.type === 'server-failure') return this.#omitEarlierFiles(refused)
    if (refusal.type === 'tools' && this.#omitTools(refused)) return true
    const refusedContent = findRefusedContent(refusal, refused)
    return (refusedContent !== null && this.#omitRefused(refusedContent)) || this.#omitSuspect(refused)
  }

  /** Returns false if it is left out already. */
  #omitRefused(refused: Partial<ContentOmissions>): boolean {
    const omissions = mergeOmissions(this.#omissions, refused)
    const isChanged =
      omissions.fileKeys.size > this.#omissions.fileKeys.size ||
      omissions.efforts.size > this.#omissions.efforts.size ||
      omissions.maxImages < this.#omissions.maxImages ||
      (['images', 'otherFiles', 'providerState', 'toolCalls', 'systemRole'] as const).some(
        (kind) => omissions[kind] !== this.#omissions[kind],
      )
    if (!isChanged) return false
    this.#omissions = omissions
    this.#refused.push(refused)
    return true
  }

  /** Leaves out one more of what not every model takes: the effort, then files, then state, then earlier tool calls. */
  #omitSuspect(refused: ComposedRequest): boolean {
    if (refused.effort !== null) {
      this.#guess = { efforts: new Set([refused.effort]) }
      return true
    }
    if (this.#guess.efforts) this.#keepGuess()
    this.#suspectedFiles ??= new SuspectedFiles(listRequestFiles(refused.messages))
    const fileKeys = this.#suspectedFiles.guessNext()
    if (fileKeys) {
      this.#guess = { fileKeys }
      return true
    }
    this.#keepGuess()
    const { providerState, toolCalls } = this.#omissions
    if (!providerState && hasProviderState(refused.messages)) this.#guess = { providerState: true }
    else if (!toolCalls && hasToolCalls(refused.messages)) this.#guess = { toolCalls: true }
    else return false
    return true
  }

  #omitOlderFiles({ messages }: ComposedRequest): boolean {
    const keys = listRequestFiles(messages).map(({ key }) => key)
    if (keys.length === 0) return false
    const older = keys.slice(0, Math.ceil(keys.length / 2))
    this.#guess = { ...this.#guess, fileKeys: new Set([...(this.#guess.fileKeys ?? []), ...older]) }
    return true
  }

  /** Not remembered: the server may just have recovered. */
  #omitEarlierFiles({ messages }: ComposedRequest): boolean {
    const fileKeys = new Set(listEarlierFiles(messages).map(({ key }) => key))
    if (fileKeys.size === 0) return false
    this.#omissions = mergeOmissions(this.#omissions, { fileKeys })
    return true
  }

  #omitTools({ tools }: ComposedRequest): boolean {
    if (Object.keys(tools).length === 0) return false
    this.#offersTools = false
    this.#areToolsSuspected = true
    return true
  }

  #shortenContext(refused: ComposedRequest): boolean {
    return this.#contextShortening.adaptTo({ type: 'context-length', contextWindow: null, inputTokens: null }, refused)
  }

  /** What was guessed stays left out in this answer. */
  #keepGuess(): void {
    this.#omissions = mergeOmissions(this.#omissions, this.#guess)
    this.#guess = {}
  }
}

/** What a refusal says that the model does not take, if the request had it. Null if it does not say it. */
function findRefusedContent(
  refusal: ProviderRequestRejection,
  { messages, effort }: ComposedRequest,
): Partial<ContentOmissions> | null {
  const files = listRequestFiles(messages)
  const imageCount = files.filter(isImageFile).length
  switch (refusal.type) {
    case 'images':
      return imageCount > 0 ? { images: true } : null
    case 'other-files':
      return imageCount < files.length ? { otherFiles: true } : null
    case 'image-count':
      return imageCount > 0
        ? { maxImages: Math.min(refusal.maxImages ?? Math.floor(imageCount / 2), imageCount - 1) }
        : null
    case 'invalid-files': {
      const named = files.filter((file) => refusal.named.some((data) => isFileNamed(file, data)))
      return named.length > 0 ? { fileKeys: new Set(named.map(({ key }) => key)) } : null
    }
    case 'provider-state':
      return hasProviderState(messages) ? { providerState: true } : null
    case 'tool-calls':
      return hasToolCalls(messages) ? { toolCalls: true } : null
    case 'effort':
      return effort === null ? null : { efforts: new Set(refusal.isOfOneValue ? [effort] : effortScale) }
    case 'system-role':
      return hasSystemMessage(messages) ? { systemRole: true } : null
    default:
      return null
  }
}
