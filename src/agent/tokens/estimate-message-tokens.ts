import type { AssistantModelMessage, ModelMessage, ToolModelMessage, UserModelMessage } from 'ai'
import { isImageMediaType } from '../../lib/is-image-media-type.ts'
import { stringifyJson } from '../../lib/text/json.ts'
import { estimateImageTokens, type KnownImageTokens } from './estimate-image-tokens.ts'
import { estimateTextTokens } from './estimate-text-tokens.ts'
import type { TokenizerName } from './token-weights.ts'

type MessagePart =
  | Exclude<UserModelMessage['content'], string>[number]
  | Exclude<AssistantModelMessage['content'], string>[number]
  | ToolModelMessage['content'][number]
type ToolOutput = Extract<MessagePart, { type: 'tool-result' }>['output']

/** How the tokens of messages are estimated. */
export interface TokenEstimateSettings {
  /** The tokenizer that is closest to the model's. */
  readonly tokenizer: TokenizerName
  /** The tokens of images that messages have by URL. */
  readonly images?: KnownImageTokens
}

/** What stands around each message: its role, and marks of its beginning and end. */
const messageOverheadTokens = 5
/** What stands around a call or its result: its id, and names of fields. */
const callOverheadTokens = 12
/** For a file that is no image, and whose tokens are not known. */
const fileTokens = 2_000

/** Estimates the number of tokens of a message. It is not rounded. */
export function estimateMessageTokens(
  { content, providerOptions }: ModelMessage,
  settings: TokenEstimateSettings,
): number {
  const ownTokens = messageOverheadTokens + estimateStateTokens(providerOptions, settings)
  if (typeof content === 'string') return ownTokens + estimateTextTokens(content, settings.tokenizer)
  return content.reduce((tokens, part) => tokens + estimatePartTokens(part, settings), ownTokens)
}

function estimatePartTokens(part: MessagePart, settings: TokenEstimateSettings): number {
  const stateTokens = 'providerOptions' in part ? estimateStateTokens(part.providerOptions, settings) : 0
  switch (part.type) {
    case 'text':
    case 'reasoning':
      return stateTokens + estimateTextTokens(part.text, settings.tokenizer)
    case 'tool-call':
      return (
        stateTokens +
        callOverheadTokens +
        estimateTextTokens(part.toolName, settings.tokenizer) +
        estimateJsonTokens(part.input, settings)
      )
    case 'tool-result':
      return stateTokens + callOverheadTokens + estimateToolOutputTokens(part.output, settings)
    case 'image':
      return stateTokens + estimateImageTokens(part.image, settings.images)
    case 'file':
      return stateTokens + estimateFileTokens(part.mediaType, part.data, settings)
    default:
      return stateTokens + callOverheadTokens
  }
}

/** Estimates the number of tokens of what a tool returned. It is not rounded. */
export function estimateToolOutputTokens(output: ToolOutput, settings: TokenEstimateSettings): number {
  switch (output.type) {
    case 'text':
    case 'error-text':
      return estimateTextTokens(output.value, settings.tokenizer)
    case 'json':
    case 'error-json':
      return estimateJsonTokens(output.value, settings)
    case 'content':
      return output.value.reduce((tokens, part) => tokens + estimateToolOutputPartTokens(part, settings), 0)
    case 'execution-denied':
      return estimateTextTokens(output.reason ?? '', settings.tokenizer)
  }
}

function estimateToolOutputPartTokens(
  part: Extract<ToolOutput, { type: 'content' }>['value'][number],
  settings: TokenEstimateSettings,
): number {
  if (part.type === 'text') return estimateTextTokens(part.text, settings.tokenizer)
  return part.type === 'file' ? estimateFileTokens(part.mediaType, part.data, settings) : fileTokens
}

/** `data` is the bytes or the URL, or has them in a field. */
function estimateFileTokens(mediaType: string, data: unknown, { images }: TokenEstimateSettings): number {
  const isWrapped = typeof data === 'object' && data !== null && 'data' in data
  const content = isWrapped ? data.data : data
  return isImageMediaType(mediaType) ? estimateImageTokens(content, images) : (images?.get(content) ?? fileTokens)
}

/** State that only the provider can read counts as its text. */
function estimateStateTokens(options: ModelMessage['providerOptions'], settings: TokenEstimateSettings): number {
  return options ? estimateJsonTokens(options, settings) : 0
}

/** Estimates the number of tokens of a value as JSON. It is not rounded. */
export function estimateJsonTokens(value: unknown, settings: TokenEstimateSettings): number {
  return estimateTextTokens(stringifyJson(value) ?? '', settings.tokenizer)
}
