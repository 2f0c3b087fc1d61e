import { toFilePartUrl } from '../../model/message-content/blob-url.ts'
import { schemaBuilder } from '../schema-builder.ts'
import { ChatEventInterface, type ChatEventOfType } from './chat-event.ts'
import { listPartSteps } from '../../model/fold/list-part-steps.ts'
import type { Context } from '../context.ts'
import { UsageType } from '../usage.ts'
import { filePartFieldDescriptions, partOriginDescriptions } from './message-part.ts'
import { FinishReasonEnum, ToolCallStateEnum } from './chat-enums.ts'
import { loadToolCall, ToolCallType } from './tool-call.ts'

const deltaRule = [
  'Apply it to part `partIndex` of the message: replace the characters from `offset` on by the new text; characters after it stay. A `ReasoningDelta` for a text part makes the whole part reasoning, for good. Applying an event twice, or a coalesced event after the events that it replaces, changes nothing.',
  'Offsets and lengths are in UTF-16 code units. An event has at most 65,536 of them and never splits a surrogate pair.',
].join('\n\n')

const TextDeltaType = schemaBuilder.objectRef<ChatEventOfType<'TextDelta'>>('TextDelta').implement({
  description: `Text of a message.\n\n${deltaRule}`,
  interfaces: [ChatEventInterface],
  fields: (t) => ({ text: t.exposeString('text', { description: 'The text.' }) }),
})

const ReasoningDeltaType = schemaBuilder.objectRef<ChatEventOfType<'ReasoningDelta'>>('ReasoningDelta').implement({
  description: `Reasoning of a message.\n\n${deltaRule}`,
  interfaces: [ChatEventInterface],
  fields: (t) => ({ text: t.exposeString('text', { description: 'The text of the reasoning.' }) }),
})

const ToolCallDeltaType = schemaBuilder.objectRef<ChatEventOfType<'ToolCallDelta'>>('ToolCallDelta').implement({
  description: `Text of the arguments of a tool call.\n\n${deltaRule}`,
  interfaces: [ChatEventInterface],
  fields: (t) => ({
    toolCallId: t.exposeID('toolCallId', { description: 'The id of the tool call.' }),
    toolName: t.exposeString('toolName', { description: 'The name of the tool.' }),
    argumentsText: t.exposeString('argumentsText', { description: 'The text: a piece of JSON.' }),
  }),
})

const ToolCallChangedType = schemaBuilder.objectRef<ChatEventOfType<'ToolCallChanged'>>('ToolCallChanged').implement({
  description:
    'A tool call entered a new state: its arguments are complete, it waits for approval, it started to run, or it reached a final state.',
  interfaces: [ChatEventInterface],
  fields: (t) => ({
    toolCallId: t.id({ description: 'The id of the tool call.', resolve: ({ toolCall }) => toolCall.id }),
    toolCallState: t.field({
      type: ToolCallStateEnum,
      description: 'The state that the call entered with this event.',
      resolve: ({ toolCall }) => toolCall.state,
    }),
    toolCall: t.field({
      type: ToolCallType,
      description: 'The complete call as it is now.',
      resolve: (event, _, context) => loadToolCall(event, context),
    }),
  }),
})

const FilePartAddedType = schemaBuilder.objectRef<ChatEventOfType<'FilePartAdded'>>('FilePartAdded').implement({
  description:
    'A part that is a file was added to a message, such as an image that the model made. The part is complete with this event.',
  interfaces: [ChatEventInterface],
  fields: (t) => ({
    mediaType: t.exposeString('mediaType', { description: filePartFieldDescriptions.mediaType }),
    name: t.exposeString('name', { nullable: true, description: filePartFieldDescriptions.name }),
    url: t.string({
      description:
        'Where the file can be read: an https URL if the model gave one, or else a path on this server. It is that of the part, and never changes.',
      resolve: ({ url, messageId, partIndex }) => toFilePartUrl({ url, messageId, index: partIndex }),
    }),
  }),
})

const PartFinishedType = schemaBuilder.objectRef<ChatEventOfType<'PartFinished'>>('PartFinished').implement({
  description:
    'A part of a message is complete: nothing is added to it any more, and `at` is its `endedAt`. For a tool call it comes after the `ToolCallChanged` with its final state. A file is complete with its `FilePartAdded` and has no `PartFinished`.',
  interfaces: [ChatEventInterface],
})

schemaBuilder.objectRef<ChatEventOfType<'StepFinished'>>('StepFinished').implement({
  description:
    'A step of the answer, which is one request to the model, has ended. Its tools, if it calls any, run after it. A step that was cut off, by a cancel, a failure or the end of the server, has none.',
  interfaces: [ChatEventInterface],
  fields: (t) => ({
    step: t.exposeInt('step', { description: 'The number of the step, counted from 0 in its answer.' }),
    finishReason: t.field({
      type: FinishReasonEnum,
      nullable: true,
      description: 'Why the model stopped. It is always set.',
      resolve: ({ finishReason }) => finishReason,
    }),
    usage: t.expose('usage', { type: UsageType, description: 'The tokens used by the step.' }),
  }),
})

for (const type of [
  TextDeltaType,
  ReasoningDeltaType,
  ToolCallDeltaType,
  ToolCallChangedType,
  FilePartAddedType,
  PartFinishedType,
]) {
  schemaBuilder.objectFields(type, (t) => ({
    messageId: t.id({
      description: 'The id of the assistant message that contains the part.',
      resolve: ({ messageId }) => messageId,
    }),
    partIndex: t.int({
      description: 'The position of the part in `Message.parts`, starting at 0.',
      resolve: ({ partIndex }) => partIndex,
    }),
  }))
}

for (const type of [TextDeltaType, ReasoningDeltaType, ToolCallDeltaType, FilePartAddedType]) {
  schemaBuilder.objectField(type, 'step', (t) =>
    t.int({ description: partOriginDescriptions.step, resolve: (event, _, context) => loadPartStep(event, context) }),
  )
}

for (const type of [TextDeltaType, ReasoningDeltaType, ToolCallDeltaType]) {
  schemaBuilder.objectFields(type, (t) => ({
    offset: t.int({
      description: 'The position in the part at which the text starts, in UTF-16 code units.',
      resolve: ({ offset }) => offset,
    }),
    startedAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: partOriginDescriptions.startedAt,
      resolve: ({ startedAt }) => startedAt ?? null,
    }),
  }))
}

interface PartStepEvent {
  readonly sessionId: string
  readonly messageId: string
  readonly partIndex: number
  readonly step?: number
}

/** Events of older logs do not tell the step: it is that of the part in the message. */
async function loadPartStep(
  { sessionId, messageId, partIndex, step }: PartStepEvent,
  { profiles }: Context,
): Promise<number> {
  if (step !== undefined) return step
  const { chatLoader } = await profiles.requireProfileOfSession(sessionId)
  return listPartSteps((await chatLoader.loadMessage(messageId))?.parts ?? [])[partIndex] ?? 0
}
