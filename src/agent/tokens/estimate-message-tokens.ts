import type { AssistantModelMessage, ModelMessage, ToolModelMessage, UserModelMessage } from 'ai'
import { isImageMediaType } from '../../lib/is-image-media-type.ts'
import { stringifyJson } from '../../lib/text/json.ts'
import { estimateImageTokens, type KnownImageTokens } from './estimate-image-tokens.ts'
import { estimateTextTokens } from './estimate-text-tokens.ts'

type MessagePart =
  | Exclude<UserModelMessage['content'], string>[number]
  | Exclude<AssistantModelMessage['content'], string>[number]
  | ToolModelMessage['content'][number]
type ToolOutput = Extract<MessagePart, { type: 'tool-result' }>['output']

/** What stands around each message: its role, and marks of its beginning and end. */
const messageOverheadTokens = 5
/** What stands around a call or its result: its id, and names of fields. */
const callOverheadTokens = 12
/** For a file that is no image, such as a PDF of a few pages. */
const fileTokens = 2_000

/** Estimates the number of tokens of a message. It is not rounded. */
export function estimateMessageTokens({ content, providerOptions }: ModelMessage, images?: KnownImageTokens): number {
  const ownTokens = messageOverheadTokens + estimateStateTokens(providerOptions)
  if (typeof content === 'string') return ownTokens + estimateTextTokens(content)
  return content.reduce((tokens, part) => tokens + estimatePartTokens(part, images), ownTokens)
}

function estimatePartTokens(part: MessagePart, images?: KnownImageTokens): number {
  const stateTokens = 'providerOptions' in part ? estimateStateTokens(part.providerOptions) : 0
  switch (part.type) {
    case 'text':
    case 'reasoning':
      return stateTokens + estimateTextTokens(part.text)
    case 'tool-call':
      return stateTokens + callOverheadTokens + estimateTextTokens(part.toolName) + estimateJsonTokens(part.input)
    case 'tool-result':
      return stateTokens + callOverheadTokens + estimateToolOutputTokens(part.output, images)
    case 'image':
      return stateTokens + estimateImageTokens(part.image, images)
    case 'file':
      return stateTokens + estimateFileTokens(part.mediaType, part.data, images)
    default:
      return stateTokens + callOverheadTokens
  }
}

/** Estimates the number of tokens of what a tool returned. It is not rounded. */
export function estimateToolOutputTokens(output: ToolOutput, images?: KnownImageTokens): number {
  switch (output.type) {
    case 'text':
    case 'error-text':
      return estimateTextTokens(output.value)
    case 'json':
    case 'error-json':
      return estimateJsonTokens(output.value)
    case 'content':
      return output.value.reduce((tokens, part) => tokens + estimateToolOutputPartTokens(part, images), 0)
    case 'execution-denied':
      return estimateTextTokens(output.reason ?? '')
  }
}

function estimateToolOutputPartTokens(
  part: Extract<ToolOutput, { type: 'content' }>['value'][number],
  images?: KnownImageTokens,
): number {
  if (part.type === 'text') return estimateTextTokens(part.text)
  return part.type === 'file' ? estimateFileTokens(part.mediaType, part.data, images) : fileTokens
}

/** `data` is the bytes or the URL, or has them in a field. */
function estimateFileTokens(mediaType: string, data: unknown, images?: KnownImageTokens): number {
  if (!isImageMediaType(mediaType)) return fileTokens
  const isWrapped = typeof data === 'object' && data !== null && 'data' in data
  return estimateImageTokens(isWrapped ? data.data : data, images)
}

/** State that only the provider can read counts as its text. */
function estimateStateTokens(options: ModelMessage['providerOptions']): number {
  return options ? estimateJsonTokens(options) : 0
}

/** Estimates the number of tokens of a value as JSON. It is not rounded. */
export function estimateJsonTokens(value: unknown): number {
  return estimateTextTokens(stringifyJson(value) ?? '')
}
