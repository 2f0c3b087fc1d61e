import { schemaBuilder } from '../schema-builder.ts'

export const RoleEnum = schemaBuilder.enumType('Role', {
  description: 'The author of a message.',
  values: {
    USER: { description: 'The user.' },
    ASSISTANT: { description: 'The agent.' },
    SYSTEM: { description: 'A note or an instruction that is part of the transcript.' },
  } as const,
})

export const MessageKindEnum = schemaBuilder.enumType('MessageKind', {
  description: 'What a message is for.',
  values: {
    CHAT: { description: 'Something that was said, or a note.' },
    SUMMARY: {
      description: 'Stands for earlier messages in what the model is sent, after a compaction by Segue or Hermes.',
    },
  } as const,
})

export const MessageStatusEnum = schemaBuilder.enumType('MessageStatus', {
  description: 'The progress of a message.',
  values: {
    STREAMING: { description: 'The message is still growing. Its stream runs.' },
    COMPLETE: { description: 'The message is complete.' },
    PARTIAL: {
      description:
        'The message is not whole: its stream was cancelled, failed or was interrupted, or `Stream.finishReason` is LENGTH, CONTENT_FILTER, REFUSAL or BUDGET.',
    },
    WITHDRAWN: {
      description: 'The user cancelled the message while it was queued. It is shown, but never sent to a model.',
    },
  } as const,
})

export const ToolCallStateEnum = schemaBuilder.enumType('ToolCallState', {
  description: 'The progress of a tool call.',
  values: {
    STREAMING: { description: 'The model is still writing the arguments.' },
    AWAITING_APPROVAL: { description: 'The call waits until a user approves or denies it.' },
    RUNNING: { description: 'The tool is running.' },
    SUCCEEDED: { description: 'The tool returned a result.' },
    FAILED: { description: 'The tool returned an error, or the call was never complete.' },
    DENIED: { description: 'A user denied the call. The tool did not run.' },
    CANCELLED: { description: 'The stream was cancelled before the tool finished.' },
    OUTCOME_UNKNOWN: {
      description:
        'The server stopped while the tool was running. The tool may or may not have taken effect. It is never run again automatically.',
    },
  } as const,
})

export const StreamStatusEnum = schemaBuilder.enumType('StreamStatus', {
  description: 'The state of a stream. The last four values are final.',
  values: {
    QUEUED: { description: 'The stream waits for another stream of the same session to end.' },
    RUNNING: { description: 'The agent is producing the answer.' },
    WAITING: { description: 'The agent waits for an approval or a clarification.' },
    COMPLETED: { description: 'The model has ended its answer. `Stream.finishReason` says whether it is whole.' },
    CANCELLED: { description: 'The stream was cancelled. The partial answer is saved.' },
    FAILED: { description: 'The stream failed. `Stream.error` says why. The partial answer is saved.' },
    INTERRUPTED: { description: 'The server stopped before the stream ended. The partial answer is saved.' },
  } as const,
})

export const FinishReasonEnum = schemaBuilder.enumType('FinishReason', {
  description: 'Why the model stopped, in the last step of a stream.',
  values: {
    STOP: { description: 'The model had finished its answer.' },
    TOOL_CALLS: { description: 'The model called tools, and the stream allowed no further step to use their results.' },
    LENGTH: { description: 'The model reached the limit of its output, or the end of its context window.' },
    CONTENT_FILTER: { description: 'The provider cut the answer off because of its content.' },
    REFUSAL: { description: 'The model declined to answer.' },
    BUDGET: { description: 'A budget was used up. The last step had no tools, and sums up.' },
    OTHER: { description: 'Any other reason of the provider.' },
  } as const,
})

export const StreamErrorCodeEnum = schemaBuilder.enumType('StreamErrorCode', {
  description: 'The reason why a stream failed or was interrupted.',
  values: {
    QUOTA: { description: 'The account at the provider has no credit left.' },
    RATE_LIMIT: { description: 'There were too many requests, or the provider is overloaded. Try again later.' },
    AUTH: { description: 'The provider rejected the API key.' },
    MODEL_NOT_FOUND: { description: 'The provider does not have the model.' },
    CONTEXT_LENGTH: {
      description:
        'The message alone is longer than the context window of the model, or the provider refused even the shortest request as too long.',
    },
    NO_RESPONSE: { description: 'The model returned neither text nor a tool call.' },
    TIMEOUT: { description: 'The provider did not respond in time.' },
    PROVIDER: { description: 'The request to the provider failed for another reason.' },
    STORAGE: {
      description:
        'The answer could not be stored: the disk is full or fails, or the database is damaged, was deleted or was replaced.',
    },
    SERVER_RESTART: { description: 'The server stopped while the stream was running.' },
  } as const,
})

export const ResetReasonEnum = schemaBuilder.enumType('ResetReason', {
  description: 'The reason why the server cannot resume from a cursor.',
  values: {
    CURSOR_AHEAD: { description: 'The cursor is greater than `Session.headSeq`.' },
    LOG_REMOVED: { description: 'Events after the cursor have been removed from the log.' },
  } as const,
})

export const IfBusyEnum = schemaBuilder.enumType('IfBusy', {
  description: 'What to do with a message if its session already has an active stream.',
  values: {
    REJECT: { description: 'Refuse the message with the error SESSION_BUSY.' },
    QUEUE: {
      description:
        'Start after the active stream and the streams queued before. The message appears in `Session.messages` when its stream starts. If its stream is cancelled while it is queued, the message stays in the transcript, but it is never sent to a model.',
    },
    INTERRUPT: { description: 'Cancel the active stream and start next, before all queued streams.' },
    STEER: {
      description: [
        'Join the running answer, whose stream is returned. The message is in its context from its next step on; if the answer would have ended with STOP, and its limits allow, there is one more step for it. `MessageSteered` tells what becomes of it.',
        '`cancelStream` withdraws a message that is not applied yet. If the answer is interrupted by another message, fails, reaches a limit or the server stops, the message is queued: behind the message that interrupts, and before what is queued.',
        'If nothing runs, the message starts an answer of its own. If streams are only queued, or `compactSession` is at work, it waits as with QUEUE. `model` counts only if it starts an answer of its own.',
      ].join('\n\n'),
    },
  } as const,
})

export const SteeringStateEnum = schemaBuilder.enumType('SteeringState', {
  description: 'What became of a message that was sent with STEER.',
  values: {
    PENDING: { description: 'It was accepted, and waits for the next step of the answer.' },
    APPLIED: { description: 'It is in the context of a step.' },
    QUEUED: { description: 'The answer ended before. The message has a stream of its own: `Message.stream`.' },
    WITHDRAWN: { description: 'A person stopped the answer, or took the message back. No model is sent it.' },
  } as const,
})

export const CancelOutcomeEnum = schemaBuilder.enumType('CancelOutcome', {
  description: 'What a call of `cancelStream` did.',
  values: {
    CANCELLED: { description: 'This call cancelled the stream. At most one call for a stream returns this value.' },
    ALREADY_CANCELLED: { description: 'An earlier call had already cancelled the stream.' },
    ALREADY_FINISHED: { description: 'The stream had already ended in another way.' },
  } as const,
})
