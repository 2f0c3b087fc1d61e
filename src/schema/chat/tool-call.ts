import type { ToolCall } from '../../model/message.ts'
import { stripResultFileBytes } from '../../model/tool-result/strip-result-file-bytes.ts'
import { hasToolCallEnded, parseToolCallArguments } from '../../model/tool-call.ts'
import type { Context } from '../context.ts'
import { schemaBuilder } from '../schema-builder.ts'
import { ToolCallStateEnum } from './chat-enums.ts'
import { toToolResultUrl } from './file-url.ts'

/** A call with its session, whose profile has the decisions about it. */
export interface ToolCallOfSession extends ToolCall {
  readonly sessionId: string
}

/** A call, and where it is in a message. */
export interface ToolCallPosition {
  readonly sessionId: string
  readonly messageId: string
  readonly partIndex: number
  /** The call as it was at some time. */
  readonly toolCall: ToolCall
}

/** A call as it is in its message. Until the message can be read, the call as it was. */
export async function loadToolCall(
  { sessionId, messageId, partIndex, toolCall }: ToolCallPosition,
  { profiles }: Context,
): Promise<ToolCallOfSession> {
  if (hasToolCallEnded(toolCall)) return { ...toolCall, sessionId }
  const { chatLoader } = await profiles.requireProfileOfSession(sessionId)
  const part = (await chatLoader.loadMessage(messageId))?.parts[partIndex]
  return { ...(part?.type === 'tool' ? part.call : toolCall), sessionId }
}

export const ToolCallType = schemaBuilder.objectRef<ToolCallOfSession>('ToolCall').implement({
  description: 'A call of a tool by the model.',
  fields: (t) => ({
    id: t.exposeID('id', { description: 'A unique id that Segue assigned.' }),
    providerId: t.exposeString('providerId', {
      nullable: true,
      description: 'The id that the model assigned. It may not be unique. Null until the call is complete.',
    }),
    name: t.exposeString('name', { description: 'The name of the tool, as the model wrote it.' }),
    argumentsText: t.exposeString('argumentsText', {
      description: 'The arguments received so far, as JSON text. Incomplete while `state` is STREAMING.',
    }),
    arguments: t.field({
      type: 'JSON',
      nullable: true,
      description: 'The arguments as a value. Null until they are complete, and if they are not valid JSON.',
      resolve: parseToolCallArguments,
    }),
    state: t.expose('state', { type: ToolCallStateEnum, description: 'The progress of the call.' }),
    result: t.field({
      type: 'JSON',
      nullable: true,
      description: [
        'The result of the tool. Null if there is none. A single text is a string. Several elements, and those that are not text, are `{content}`; data beside them is `structuredContent`.',
        'Each image or file keeps its place in `content` as `{type, mediaType, name, size, url}`: `type` is `image` or `file`, `size` is in bytes, and `url` is a path on this server that never changes. It is null for a file in an old result, whose bytes cannot be read. Elements may have `annotations.audience`: `user` alone is not sent to the model, `assistant` alone is not meant for people.',
        'A very long result is cut, with a note at its end; see `resultUrl`.',
      ].join('\n\n'),
      resolve: ({ result }) => stripResultFileBytes(result),
    }),
    resultUrl: t.string({
      nullable: true,
      description: 'The path on this server where the complete result can be read, if `result` is cut. Null otherwise.',
      resolve: ({ resultFile }) => (resultFile === undefined ? null : toToolResultUrl(resultFile)),
    }),
    error: t.exposeString('error', {
      nullable: true,
      description: 'The reason why the call failed, as a sentence. Null if it did not fail.',
    }),
    startedAt: t.expose('startedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'The time at which the tool started to run. Null if it has not.',
    }),
    finishedAt: t.expose('finishedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'The time at which the call reached its final state. Null before.',
    }),
  }),
})
