import type { StreamErrorCode } from '../../../model/stream.ts'
import type { ProviderErrorKind } from '../dialect.ts'
import {
  invalidFileCodes,
  invalidFileWording,
  readContentRefusal,
  unmistakableContentWording,
  unsupportedContentWording,
} from './content-refusals.ts'
import { effortRefusalWording, readEffortRefusal } from './effort-refusal.ts'
import { parseContextLengthRejection, tokensPerMinutePattern } from './parse-context-length-rejection.ts'
import type { ProviderFailure } from './parse-provider-failure.ts'
import { systemRoleRefusalWording } from './system-role-refusal.ts'
import type { ProviderRequestRejection } from './provider-request-rejection.ts'

/** A kind of error, and how to recognise it. Anything left out matches nothing. */
export interface ProviderErrorFamily {
  /** The kind under which dialects name their codes; null if they have none. */
  readonly kind: ProviderErrorKind | null
  readonly code: StreamErrorCode
  /** What is wrong, and what to do. */
  readonly message: string
  /** Whether the same request may succeed a moment later. */
  readonly isTransient: boolean
  /** Wording that means this whatever the codes and the status say. */
  readonly decisiveWording?: RegExp
  /** Names and codes, in lower case and without `_`, `-` and `.`. Those of dialects count, too. */
  readonly codes?: RegExp
  /** HTTP statuses that mean this, whatever the text says. */
  readonly statuses?: readonly number[]
  /** The provider's message, in lower case and without URLs. */
  readonly wording?: RegExp
  /** Names and codes that mean this unless the text says otherwise. */
  readonly vagueCodes?: RegExp
  /** HTTP statuses that mean this unless the text says otherwise. */
  readonly vagueStatuses?: readonly number[]
  /** Wording that refuses a request even if the status says that the server failed. No chat has such words by chance. */
  readonly unmistakableWording?: RegExp
  /** Whether a failure of the server (5xx) is no case of it, unless it has a code, or words that cannot be mistaken. */
  readonly isRefusalOnly?: true
  /** What a changed request can avoid; null if nothing. Only asked if the error refuses the request. */
  readonly readRefusal?: (failure: ProviderFailure) => ProviderRequestRejection | null
}

/** What servers say of a request with tools that their model, or their configuration, does not take. */
const toolRefusalPattern = new RegExp(
  [
    "(not|n't) support(ed)?( \\w+){0,4} (tools?|functions?|tool.?(use|call\\w*|choice)|function.?calling)\\b",
    "(tools?|tool.?(use|calls?|calling|choice)|functions?|function.?calling)\\W?( \\w+){0,3} (is|are)( \\w+)? ?(not|n't|un) ?(currently )?(supported|enabled|available|allowed|permitted)",
    'endpoints found that support tool',
    'auto.?tool.?choice',
    'without tool support',
    'tools? (param\\w* )?requires?', // llama.cpp: tools param requires --jinja flag
    'support parameters.{0,20}\\btools?\\b', // LiteLLM
    'unrecognized request arguments?.{0,40}\\btools?\\b', // Azure
    '\\btools?: extra inputs',
  ].join('|'),
)

/** A limit of bytes says nothing about tokens. */
function isAboutBytes(status: number | null, text: string): boolean {
  return /\b(bytes|[km]i?b)\b|payload|entity/.test(text) || (status === 413 && !/token|context/.test(text))
}

/**
 * The errors of providers. The first family that matches by code applies, then the first by status, by wording, by vague
 * code, by vague status. Wording comes after status, but providers disagree about some statuses: an empty account is a
 * 400, 402, 403 or 429, and a long chat is a 400, 413 or 500. An error within a stream has no status at all.
 */
export const providerErrorFamilies: readonly ProviderErrorFamily[] = [
  {
    kind: 'moderation',
    code: 'PROVIDER',
    message: 'The provider refused the chat because of its content. Rephrase it or choose another model.',
    isTransient: false,
    codes:
      /^(contentfilter(ed)?|contentpolicyviolation(error)?|moderation(blocked|error)?|responsibleaipolicyviolation|guardrail(intervened|violation)?|prohibitedcontent|safety|datainspectionfailed|sensitivecontent\w*)$/,
    wording:
      /requires moderation|was flagged|content (management )?policy|content.?filter|moderation (system|endpoint|filter)|safety (system|filter|setting|reason)|inappropriate content|guardrail|prohibited (content|use)/,
  },
  {
    kind: 'region',
    code: 'PROVIDER',
    message: 'The provider does not serve this country or region. Choose another provider.',
    isTransient: false,
    codes: /^(unsupportedcountry\w*|unsupportedregion|regionnotsupported|countryblocked)$/,
    wording:
      /unsupported (countr|region|territor|location)|\b(country|region|territory|location)\b.{0,30}\bnot (supported|available|allowed)|not (available|supported|allowed) in your (country|region|location)/,
  },
  {
    kind: 'rate-limit',
    code: 'RATE_LIMIT',
    message: 'The provider accepts no more requests at the moment. Wait a little and try again.',
    isTransient: true,
    codes:
      /^(ratelimit(ed|error|exceeded|reached)?(error)?|resourceexhausted|throttl(ing|ed)(exception|error)?|toomanyrequests(error|exception)?|(requests|tokens)ratelimitexceeded|ratelimitreachederror|queueexceeded)$/,
    wording:
      /rate.?limit|too many requests|throttl|per (second|minute|hour)\b|\b[tr]p[smd]\b|(retry|try again) (in|after) [\d.]+ ?(ms|s|m|h)|concurrency limit|slow down/,
    vagueStatuses: [429],
  },
  {
    kind: 'quota',
    code: 'QUOTA',
    message: "The account's quota or credit at the provider is used up. Add credit or choose another provider.",
    isTransient: false,
    codes:
      /^(insufficientquota|(insufficient|exceeded)(balance|funds|credits?|budget)(error)?|billing(harderror|hardlimitreached|notactive|error|limit\w*)|budgetexceeded(error)?|quotaexceeded(error)?|servicequotaexceeded(exception)?|paymentrequired(error)?|accountsuspended|creditsexhausted|usagelimitreached|arrearage)$/,
    statuses: [402],
    wording:
      /insufficient.?(quota|balance|funds|credits?)|credit balance|\bcredits?\b|\bquota\b|billing|budget (has been )?exceeded|exceeded ?budget|(spending|usage|monthly|weekly|daily|spend) limits?|payment required|out of funds/,
  },
  {
    kind: 'overloaded',
    code: 'RATE_LIMIT',
    message: 'The provider is overloaded. Wait a little and try again.',
    isTransient: true,
    codes:
      /^(overloaded(error)?|engineoverloaded(error)?|serveroverloaded|servicetiercapacityexceeded|capacityexceeded|modelnotreadyexception)$/,
    statuses: [529],
    wording:
      /overloaded|over capacity|at capacity|capacity (exceeded|is currently)|server (is )?busy|no (healthy|available) (upstream|deployment|worker)|loading model|model is (still |currently )?loading/,
  },
  {
    kind: null,
    code: 'PROVIDER',
    message: 'The model does not take this effort. Choose another one.',
    isTransient: false,
    isRefusalOnly: true,
    wording: effortRefusalWording,
    readRefusal: ({ searchText }) => readEffortRefusal(searchText),
  },
  {
    kind: null,
    code: 'PROVIDER',
    message: 'The model takes no system message. Choose another model.',
    isTransient: false,
    isRefusalOnly: true,
    wording: systemRoleRefusalWording,
    unmistakableWording: systemRoleRefusalWording,
    readRefusal: () => ({ type: 'system-role' }),
  },
  {
    kind: null,
    code: 'PROVIDER',
    message: 'The provider cannot use a file of this chat. Attach it in another form, or as a smaller one.',
    isTransient: false,
    isRefusalOnly: true,
    codes: invalidFileCodes,
    wording: invalidFileWording,
    unmistakableWording: unmistakableContentWording,
    readRefusal: readContentRefusal,
  },
  {
    // A shorter request is accepted, and no wait makes this one fit.
    kind: null,
    code: 'RATE_LIMIT',
    message:
      'The request has more tokens than the provider accepts in a minute. Shorten the message, attach less, or choose another model.',
    isTransient: false,
    decisiveWording: tokensPerMinutePattern,
    readRefusal: ({ payload, searchText }) => parseContextLengthRejection(payload, searchText),
  },
  {
    kind: 'context-length',
    code: 'CONTEXT_LENGTH',
    message:
      'The request is too long for this model. Shorten the message, attach less, or choose a model with a larger context window.',
    isTransient: false,
    codes:
      /^(contextlengthexceeded|contextwindowexceeded(error)?|contextoverflow\w*|exceedcontextsize(error)?|stringabovemaxlength|modelmaxpromptexceeded|promptlengthexceeded|modelmaxprompttokensexceeded)$/,
    wording: new RegExp(
      [
        'context.?(length|window|size|limit|overflow)',
        'context the overflows',
        'max(imum)?( \\w+)? (context|prompt|input|sequence|model) ?(length|tokens?|size)',
        '(prompt|inputs?|request|messages?|conversation|context) (is |are |was )?too (long|large)',
        '(prompt|input)( \\w+){0,2} [\\d,]* ?exceed',
        'prompt exceeds',
        'too (long|large) for (the |this |requested )?model',
        'too many (input |prompt )?tokens',
        'token limit',
        'exceeds? the (maximum|max\\w*|model).{0,40}(tokens?|length)',
        'max\\w* number of (input |prompt )?tokens',
        'string too long',
        'payload size exceeds',
        'reduce (the )?(length|size) of (the |your )?(messages?|prompt|input|context)',
        '`?inputs`? tokens',
      ].join('|'),
    ),
    vagueStatuses: [413],
    readRefusal: ({ payload, searchText, status }) => {
      const rejection = parseContextLengthRejection(payload, searchText)
      return rejection.contextWindow === null && isAboutBytes(status, searchText) ? { type: 'request-size' } : rejection
    },
  },
  {
    kind: 'unsupported',
    code: 'PROVIDER',
    message:
      'The model or its server does not support what this chat needs, such as tools, images or files. Choose another model.',
    isTransient: false,
    codes:
      /^(unsupported(feature|modality|media\w*|contenttype|operation|file\w*)|notimplemented(error)?|unimplemented)$/,
    statuses: [501],
    wording: new RegExp(
      [
        toolRefusalPattern.source,
        unsupportedContentWording.source,
        "(not|n't) support(ed)?( \\w+){0,4} (stream\\w*|system)\\b",
        "system (messages?|prompts?|role)( \\w+){0,3} (is|are)( \\w+)? ?(not|n't|un) ?(currently )?supported",
        'endpoints found that support',
      ].join('|'),
    ),
    // llama.cpp; Ollama behind LiteLLM
    unmistakableWording: new RegExp(
      `tools param requires --jinja flag|registry\\.ollama\\.ai\\/\\S+ does not support tools|${unmistakableContentWording.source}`,
    ),
    readRefusal: (failure) =>
      toolRefusalPattern.test(failure.searchText)
        ? { type: 'tools' }
        : (readContentRefusal(failure) ?? { type: 'unknown' }),
  },
  {
    kind: 'timeout',
    code: 'TIMEOUT',
    message: 'The provider did not respond in time. Try again.',
    isTransient: false,
    codes:
      /^(timeout(error)?|etimedout|underr\w*timeout|apitimeouterror|modeltimeoutexception|deadlineexceeded|requesttimeout)$/,
    statuses: [408, 504, 524],
    wording: /timed out|timeouterror|timeout_error|request timeout|gateway time-?out|deadline exceeded/,
  },
  {
    kind: 'model-not-found',
    code: 'MODEL_NOT_FOUND',
    message:
      'The provider does not know this model. Choose another one, or check its name and the URL of the provider.',
    isTransient: false,
    codes:
      /^(modelnotfound(error|exception)?|deploymentnotfound|invalidmodel(error)?|unknownmodel|nosuchmodel|modelnotavailable)$/,
    wording:
      /\b(model|deployment)\b.{0,120}\b(not found|(does|do|did) not exist|not exist|isn't available|is not (available|loaded|deployed|a valid model))|not a valid model|(invalid|unknown|no such) model\b|model identifier is invalid|no (models? loaded|endpoints found)/,
    vagueCodes: /^(not_?found(error)?|resourcenotfound(exception)?)$/,
    vagueStatuses: [404],
  },
  {
    kind: 'authentication',
    code: 'AUTH',
    message: 'The provider rejected the API key. Check that it is set, valid and allowed to use this model.',
    isTransient: false,
    codes:
      /^((invalid|incorrect|missing|wrong)(apikey|xapikey|token|authentication(error)?|credentials?|subscription\w*)|apikey(invalid|expired|notfound)|authentication(failed)?(error)?|authenticationfailed|auth(error)?|unauth(enticated|orized)(error)?|unrecognizedclientexception|invalidsignatureexception|expiredtoken(exception)?|tokennotfoundindb|noauth\w*)$/,
    statuses: [401],
    wording:
      /(invalid|incorrect|wrong|missing|expired|no|bad|provide).{0,20}(api.?key|x-api-key|credentials?|subscription key|(access|auth|bearer|security) ?token)|api.?key.{0,40}(invalid|not valid|expired|missing|required|not found|incorrect)|unauthori[sz]ed|authentication (error|failed|required|fails)|not authenticated|access denied/,
    vagueCodes: /^(permission(denied)?(error)?|permissiondeniederror|accessdenied(exception)?|forbidden(error)?)$/,
    vagueStatuses: [403],
  },
  {
    kind: null,
    code: 'PROVIDER',
    message: 'The provider could not be reached. Check its URL and whether it is running.',
    isTransient: true,
    codes:
      /^(econnrefused|enotfound|eaiagain|ehostunreach|enetunreach|cert\w+|errtls\w*|errssl\w*|unabletoverify\w*|selfsigned\w*|depthzero\w*)$/,
  },
  {
    kind: null,
    code: 'PROVIDER',
    message: 'The connection to the provider broke before the answer was complete. Try again.',
    isTransient: true,
    codes: /^(underrsocket|econnreset|epipe)$/,
  },
  {
    kind: null,
    code: 'PROVIDER',
    message: 'The provider sent an invalid response. Try again or choose another model.',
    isTransient: false,
    vagueCodes: /^ai(jsonparse|typevalidation)error$/,
  },
  {
    kind: null,
    code: 'PROVIDER',
    message: 'The provider sent an invalid response. Try again or choose another model.',
    isTransient: true,
    vagueCodes: /^ai(invalidresponsedata|emptyresponsebody)error$/,
  },
]
