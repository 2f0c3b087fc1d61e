import type { ProviderType } from '../../config/profile/provider.ts'
import type { FinishReason } from '../../model/stream.ts'

/**
 * What is specific to one provider, or to servers of one make: data, no behaviour. Requests follow the dialect of their
 * provider; responses are read by the rules of all dialects together, because gateways mix them.
 */
export interface Dialect {
  /** The name of its file. */
  readonly name: string
  readonly recognition: DialectRecognition
  /** Usual fields of a request that it rejects. */
  readonly rejectedFields: readonly string[]
  /**
   * How a request in chat completions says the effort: `reasoning_effort`, `reasoning.effort`, or variables of the model's chat
   * template, which local servers pass on.
   */
  readonly effortFields: readonly ('reasoning_effort' | 'reasoning' | 'chat_template_kwargs')[]
  /** How a message of one plain text is sent in Anthropic's format: as a list of one block, or as a string. */
  readonly singleText: 'block' | 'string'
  readonly modelList: ModelListRules
  readonly errors: ProviderErrorRules
  readonly roles: MessageRoleRules
  readonly reasoning: ReasoningRules
  /**
   * What its finish reasons mean, in lower case. The common ones are in `commonFinishReasons`. ERROR: the provider broke off
   * the answer, which is a failure.
   */
  readonly finishReasons: Readonly<Record<string, FinishReason | 'ERROR'>>
  readonly retry: ProviderRetryTimeFields
  readonly tools: ProviderToolLimits
  readonly images: ProviderImageLimits
  readonly pdfs: ProviderPdfLimits
}

/** How a dialect is recognised. The host comes first, then the list of models, then the port, then the type. */
export interface DialectRecognition {
  /** Matches the host of the base URL, in lower case and without the port. */
  readonly host?: RegExp
  /** The value of a header of the list's response, by its name in lower case. One of them is enough. */
  readonly responseHeaders?: Readonly<Record<string, RegExp>>
  /** Matches `owned_by` of the entries of its model list. */
  readonly modelOwner?: RegExp
  /** A field that the entries of no other model list have. */
  readonly modelField?: string
  /** The default port of a local server. */
  readonly port?: number
  /** The type of provider that has this dialect if nothing else is known. */
  readonly defaultOf?: ProviderType
}

/** Where the entries of a model list say something. Paths have dots, as in `meta.n_ctx`. */
export interface ModelListRules {
  /** Context windows, in tokens. If several are set, the smallest one counts. */
  readonly contextWindowPaths: readonly string[]
  /** How long an answer can be, in tokens. */
  readonly outputLimitPaths: readonly string[]
}

/** The kinds of errors that are told apart. */
export type ProviderErrorKind =
  | 'authentication'
  | 'context-length'
  | 'model-not-found'
  | 'moderation'
  | 'overloaded'
  | 'quota'
  | 'rate-limit'
  | 'region'
  | 'timeout'
  | 'unsupported'

export interface ProviderErrorRules {
  /** Keys under which the provider's own words are, beside the common ones. They come first. */
  readonly messageKeys: readonly string[]
  /** Its names and codes of errors, in lower case and without `_`, `-` and `.`. */
  readonly codes: Readonly<Partial<Record<ProviderErrorKind, readonly string[]>>>
}

/** The order of messages that a provider demands. */
export interface MessageRoleRules {
  /** Whether the first message after the system's must be the user's. */
  readonly startsWithUser: boolean
  /** Whether two messages of the same role must not follow each other. */
  readonly alternates: boolean
  /** Where system messages may be. */
  readonly system: 'anywhere' | 'first'
  /** The ids of tool calls that it accepts. */
  readonly toolCallId: RegExp
}

/** Where a provider puts its reasoning, and what it wants back. */
export interface ReasoningRules {
  /** Fields of a delta or message with reasoning as text. The first one that is not empty counts. */
  readonly textFields: readonly string[]
  /** Fields of a message with state that only the provider can read. */
  readonly messageState: readonly string[]
  /** The same, of a tool call. */
  readonly toolCallState: readonly string[]
  /** When the state and the reasoning are sent back: in the turn with its tool results, with all messages, or never. */
  readonly returned: 'never' | 'within-turn' | 'always'
  /** Models that reject a chat without the reasoning of every message that calls tools, whoever serves them. */
  readonly modelsThatRequireIt: RegExp
  /** The field that every message that calls tools must have, empty if the model had no thoughts; null if none. */
  readonly requiredField: string | null
}

/** When to retry. Headers are those beside `Retry-After` and `retry-after-ms`, which every provider may send. */
export interface ProviderRetryTimeFields {
  /** A header that says when the limit ends, with its unit. Durations are as in `1m6.5s`. */
  readonly headers: Readonly<Record<string, 'seconds' | 'duration' | 'epoch-ms' | 'date'>>
  /** Keys in the body of an error with a duration, as in `34s`, or a number of seconds. */
  readonly bodyKeys: readonly string[]
}

export interface ProviderToolLimits {
  /** How many tools one request may have. */
  readonly maxCount: number
  /** In characters, of `[A-Za-z0-9_-]`. */
  readonly maxNameLength: number
  /** In characters; a longer description is cut. */
  readonly maxDescriptionLength: number
  /** Keywords of JSON Schema that are rejected at any depth. */
  readonly unsupportedKeywords: readonly string[]
}

export interface ProviderImageLimits {
  /** The media types of images that models accept. Empty: none. */
  readonly mediaTypes: readonly string[]
  /** Names of models that accept images for sure. The others are sent those of a user, but none of a tool. */
  readonly modelNames: RegExp
  /** How many images one request may have. */
  readonly maxCount: number
  /** Of an image, before it is written in base64. A larger one is scaled down. */
  readonly maxBytes: number
  /** The width and height of an image, in pixels. A larger one is scaled down. */
  readonly maxEdge: number
  /** The `maxEdge` of requests with more than `imageCount` images. Null: the same as of all others. */
  readonly manyImages: { readonly imageCount: number; readonly maxEdge: number } | null
}

export interface ProviderPdfLimits {
  /** Of one PDF. The text of a longer one is sent. */
  readonly maxPages: number
  readonly maxBytes: number
}

/** Finish reasons that most providers share. */
export const commonFinishReasons: Readonly<Record<string, FinishReason>> = {
  stop: 'STOP',
  length: 'LENGTH',
  max_tokens: 'LENGTH',
  tool_calls: 'TOOL_CALLS',
  tool_use: 'TOOL_CALLS',
  function_call: 'TOOL_CALLS',
  content_filter: 'CONTENT_FILTER',
  refusal: 'REFUSAL',
}

const webImageTypes = ['image/png', 'image/jpeg', 'image/gif', 'image/webp'] as const

/**
 * What is assumed of a server of unknown make, and what dialects share: the strictest rules, so that any server accepts the
 * request, and every known place, so that nothing is missed.
 */
export const defaultDialect: Dialect = {
  name: 'default',
  recognition: { defaultOf: 'openai-compatible' },
  rejectedFields: [],
  effortFields: ['reasoning_effort'],
  singleText: 'block',
  modelList: {
    contextWindowPaths: ['context_length', 'context_window', 'max_model_len', 'max_context_length', 'max_input_tokens'],
    outputLimitPaths: ['max_output_tokens', 'max_completion_tokens'],
  },
  errors: { messageKeys: [], codes: {} },
  roles: { startsWithUser: true, alternates: true, system: 'first', toolCallId: /^[A-Za-z0-9_-]{1,64}$/ },
  reasoning: {
    textFields: ['reasoning_content', 'reasoning'],
    messageState: [],
    toolCallState: [],
    returned: 'within-turn',
    modelsThatRequireIt: /deepseek|kimi/i,
    requiredField: null,
  },
  finishReasons: {},
  retry: { headers: {}, bodyKeys: [] },
  tools: { maxCount: 128, maxNameLength: 64, maxDescriptionLength: 1024, unsupportedKeywords: [] },
  images: {
    mediaTypes: webImageTypes,
    modelNames: /^(?!)/,
    maxCount: 50,
    maxBytes: 3_932_160, // 5 MiB in base64
    maxEdge: 8000,
    // Anthropic's rule: https://docs.anthropic.com/en/docs/build-with-claude/vision
    manyImages: { imageCount: 20, maxEdge: 2000 },
  },
  pdfs: { maxPages: 100, maxBytes: 20 * 1024 * 1024 },
}

type DialectSection = Exclude<
  keyof Dialect,
  'name' | 'recognition' | 'rejectedFields' | 'effortFields' | 'singleText' | 'finishReasons'
>
type DialectOverrides = Pick<Dialect, 'name' | 'recognition'> &
  Partial<Pick<Dialect, 'rejectedFields' | 'effortFields' | 'singleText' | 'finishReasons'>> & {
    readonly [Section in DialectSection]?: Partial<Dialect[Section]>
  }

/** Defines a dialect by what differs from the default one. */
export function defineDialect({ name, recognition, ...overrides }: DialectOverrides): Dialect {
  const base = defaultDialect
  return {
    name,
    recognition,
    rejectedFields: overrides.rejectedFields ?? base.rejectedFields,
    effortFields: overrides.effortFields ?? base.effortFields,
    singleText: overrides.singleText ?? base.singleText,
    modelList: { ...base.modelList, ...overrides.modelList },
    errors: { ...base.errors, ...overrides.errors },
    roles: { ...base.roles, ...overrides.roles },
    reasoning: { ...base.reasoning, ...overrides.reasoning },
    finishReasons: overrides.finishReasons ?? {},
    retry: { ...base.retry, ...overrides.retry },
    tools: { ...base.tools, ...overrides.tools },
    images: { ...base.images, ...overrides.images },
    pdfs: { ...base.pdfs, ...overrides.pdfs },
  }
}
