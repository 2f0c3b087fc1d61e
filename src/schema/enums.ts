import { errorCodes } from '../lib/errors.ts'
import { builder } from './builder.ts'

export const OriginEnum = builder.enumType('Origin', {
  description: 'Who keeps it.',
  values: {
    SEGUE: { description: 'Kept here, writable.' },
    HERMES: { description: 'Read from the files of a Hermes agent, never written.' },
  } as const,
})

export const ChannelEnum = builder.enumType('Channel', {
  description: 'Where a session was held, its source in a few groups.',
  values: {
    SEGUE: { description: 'Here.' },
    WEB: { description: "In a Hermes agent's web interface." },
    CLI: { description: 'In a terminal, a desktop program or an editor.' },
    MESSAGING: { description: 'On a chat platform: Telegram, Slack, mail and the like.' },
    API: { description: 'Through an API or a webhook.' },
    CRON: { description: 'By a schedule, with nobody present.' },
    TOOL: { description: 'By another session: a sub-agent, a tool, a board of tasks.' },
    OTHER: { description: 'Elsewhere: a source that Segue does not know.' },
  } as const,
})

export const RoleEnum = builder.enumType('Role', {
  description: 'Who speaks in a message.',
  values: {
    USER: { description: 'The person.' },
    ASSISTANT: { description: 'The agent.' },
    SYSTEM: { description: 'A note or an instruction in the transcript.' },
  } as const,
})

export const MessageStatusEnum = builder.enumType('MessageStatus', {
  description: 'How far a message has come.',
  values: {
    STREAMING: { description: 'It is being made: its stream runs.' },
    COMPLETE: { description: 'It is whole.' },
    PARTIAL: { description: 'Its stream was cancelled, failed or was interrupted before the end.' },
  } as const,
})

export const ToolCallStateEnum = builder.enumType('ToolCallState', {
  description: 'How far a tool call has come.',
  values: {
    STREAMING: { description: 'Its arguments are coming in.' },
    AWAITING_APPROVAL: { description: 'It waits for a person to allow it.' },
    RUNNING: { description: 'The tool works.' },
    SUCCEEDED: { description: 'It ended with a result.' },
    FAILED: { description: 'It ended with an error, or was never complete.' },
    DENIED: { description: 'A person did not allow it. It was not run.' },
    CANCELLED: { description: 'The user stopped the stream before it finished.' },
    OUTCOME_UNKNOWN: {
      description: 'Nobody saw its end: it may or may not have taken effect, and is never run again by itself.',
    },
  } as const,
})

export const StreamStatusEnum = builder.enumType('StreamStatus', {
  description: 'Where a stream stands.',
  values: {
    QUEUED: { description: 'It waits for its turn.' },
    RUNNING: { description: 'The answer is being made.' },
    WAITING: { description: 'The answer waits for a person.' },
    COMPLETED: { description: 'The answer is whole.' },
    CANCELLED: { description: 'Somebody stopped it. What there was is saved.' },
    FAILED: { description: 'It went wrong; error says how. What there was is saved.' },
    INTERRUPTED: { description: 'The server stopped before its end. What there was is saved.' },
  } as const,
})

export const StreamErrorCodeEnum = builder.enumType('StreamErrorCode', {
  description: 'Why an answer could not be finished.',
  values: {
    QUOTA: { description: 'The account at the provider has nothing left.' },
    RATE_LIMIT: { description: 'Too many requests, or a provider that is overloaded. Later it may work.' },
    AUTH: { description: 'The provider did not accept the key.' },
    MODEL_NOT_FOUND: { description: 'The provider does not know the model.' },
    CONTEXT_LENGTH: { description: 'The chat is too long for the model.' },
    NO_RESPONSE: { description: 'The model answered with neither text nor a tool call.' },
    TIMEOUT: { description: 'The provider did not answer in time.' },
    PROVIDER: { description: 'Anything else that went wrong on the way to the model.' },
    SERVER_RESTART: { description: 'The server stopped while the answer was being made.' },
  } as const,
})

export const ResetReasonEnum = builder.enumType('ResetReason', {
  description: 'Why a cursor could not be honoured.',
  values: {
    CURSOR_AHEAD: { description: "after is greater than the session's headSeq." },
    LOG_REMOVED: { description: 'Events after the cursor are no longer kept.' },
  } as const,
})

export const ApprovalDecisionEnum = builder.enumType('ApprovalDecision', {
  description: 'What a person says to a tool call.',
  values: {
    ONCE: { description: 'Run it, this once.' },
    SESSION: { description: 'Run it, and do not ask for this tool again in this session and its continuations.' },
    ALWAYS: { description: 'Run it, and do not ask for this tool again in this profile.' },
    DENY: { description: 'Do not run it. The model is told so.' },
  } as const,
})

export const DecisionStateEnum = builder.enumType('DecisionState', {
  description: 'Whether something waits for a person.',
  values: {
    PENDING: { description: 'It waits.' },
    ANSWERED: { description: 'A person has answered.' },
    EXPIRED: { description: 'Nobody answered in time. That is a no.' },
    CANCELLED: { description: 'The stream ended before anybody answered.' },
  } as const,
})

export const JobStateEnum = builder.enumType('JobState', {
  description: 'Where a job stands.',
  values: {
    SCHEDULED: { description: 'It waits for its next due time.' },
    PAUSED: { description: 'It is not enabled.' },
    RUNNING: { description: 'A run of it is under way.' },
    COMPLETED: { description: 'No due time comes any more, or its repetitions are used up.' },
    ERROR: { description: 'Its schedule can no longer be understood.' },
  } as const,
})

export const JobTriggerEnum = builder.enumType('JobTrigger', {
  description: 'What set off a run.',
  values: {
    SCHEDULE: { description: 'Its due time.' },
    MANUAL: { description: 'Somebody, by hand. It uses up no repetition and moves nothing.' },
  } as const,
})

export const JobRunStatusEnum = builder.enumType('JobRunStatus', {
  description: 'How a run ended, if it has.',
  values: {
    RUNNING: { description: 'It is under way.' },
    OK: { description: 'It ended with an answer.' },
    ERROR: { description: 'It failed, or ended without a response; error says how.' },
    CANCELLED: { description: 'Somebody stopped it.' },
    INTERRUPTED: { description: 'The server stopped meanwhile.' },
  } as const,
})

export const IfBusyEnum = builder.enumType('IfBusy', {
  description: 'What to do when the session has an active stream.',
  values: {
    REJECT: { description: 'Refuse, with SESSION_BUSY.' },
    QUEUE: {
      description:
        'Wait for its turn. The message takes its place in messages when its turn begins; cancelled before, it stays in the transcript and out of the context.',
    },
    INTERRUPT: { description: 'Cancel the active one and run next, before what is queued.' },
  } as const,
})

export const CancelOutcomeEnum = builder.enumType('CancelOutcome', {
  description: 'How a call to cancel found the stream.',
  values: {
    CANCELLED: { description: 'This call stopped it. Of all calls for one stream at most one is answered so.' },
    ALREADY_CANCELLED: { description: 'An earlier call had stopped it.' },
    ALREADY_FINISHED: { description: 'It had ended in another way.' },
  } as const,
})

builder.enumType('ErrorCode', {
  description: 'The extensions.code of every error.',
  values: Object.fromEntries(errorCodes.map((code) => [code, { description: describeErrorCodes()[code] }])),
})

function describeErrorCodes(): Record<(typeof errorCodes)[number], string> {
  return {
    GRAPHQL_PARSE_FAILED: 'The document is no GraphQL.',
    GRAPHQL_VALIDATION_FAILED: 'The document does not fit the schema.',
    BAD_USER_INPUT: 'An argument cannot be used. extensions.path leads to it.',
    UNAUTHENTICATED: 'The server does not know who calls.',
    FORBIDDEN: 'The caller may not do this.',
    NOT_FOUND: 'An id names nothing that the caller may see.',
    SESSION_BUSY: 'An answer is being made in the session. extensions.streamId names it.',
    SESSION_READ_ONLY: 'The session belongs to Hermes and is only read.',
    JOB_READ_ONLY: 'The job belongs to Hermes and is only read.',
    IDEMPOTENCY_MISMATCH: 'The key began another stream, for other input. extensions.streamId names it.',
    STALE: 'What was answered or addressed is settled or was continued elsewhere.',
    TOO_LARGE: 'More than is accepted at once.',
    RATE_LIMITED: 'Too much at the same time. Try again later.',
    PROVIDER: 'A provider could not do what it was asked.',
    SHUTTING_DOWN: 'The server is stopping. Try again when it is back.',
    INTERNAL: 'A fault of the server. Its log tells more.',
  }
}
