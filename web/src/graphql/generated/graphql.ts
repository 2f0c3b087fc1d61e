/* eslint-disable */
/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
import type { DocumentTypeDecoration } from '@graphql-typed-document-node/core';
/** What a conversation wants of a person: over all of its sessions, the most urgent first. */
export type Attention =
  /** The last answer failed, and was not read. */
  | 'FAILED'
  /** Nothing of this. */
  | 'IDLE'
  /** A question waits for an answer. */
  | 'NEEDS_ANSWER'
  /** A tool waits for approval. */
  | 'NEEDS_APPROVAL'
  /** After `readAt`, a message of the assistant ended, or a message came in that was not sent through Segue. */
  | 'UNREAD'
  /** An answer is being made. */
  | 'WORKING';

/** The limits of a budget: at least one of them. One that is left out stays as it is. */
export type BudgetInput = {
  /** An amount in the currency of the server. 0: no limit. */
  cost?: number | null | undefined;
  /** Tokens, input and output. 0: no limit. */
  tokens?: number | null | undefined;
};

/** The kind of client that a session was held in. It groups the values of `Session.source`. */
export type Channel =
  /** An API server or a webhook of a Hermes agent. */
  | 'API'
  /** A terminal, a desktop program or an editor. */
  | 'CLI'
  /** A scheduled run of a job. */
  | 'CRON'
  /** A chat platform, such as Telegram, Slack or email. */
  | 'MESSAGING'
  /** A source that Segue does not know. */
  | 'OTHER'
  /** A client of this API. */
  | 'SEGUE'
  /** Another session, which started this one as a sub-agent, a tool or a task. */
  | 'TOOL'
  /** The web interface of a Hermes agent. */
  | 'WEB';

/** The properties of a new job. */
export type CreateJobInput = {
  /** What each of its runs may use, within the budgets of the profile. Default: no limit of its own. */
  budget?: BudgetInput | null | undefined;
  /** The effort of reasoning of its answers: one of `efforts` of the model. Default: the default of the model. */
  effort?: string | null | undefined;
  /** The instructions (system prompt) of its sessions: up to 65,536 characters. Default: those of the profile. */
  instructions?: string | null | undefined;
  /** An idempotency key chosen by the client: 1 to 200 characters, unique in the profile. A repeated call with the same key and the same arguments changes nothing and returns the result of the first one; with other arguments, or for another field, the error is IDEMPOTENCY_MISMATCH. Default: the header Idempotency-Key of the HTTP request, or over WebSocket the id of the subscribe message if it is a UUID. */
  key?: string | null | undefined;
  /** The model that answers, as `<provider>/<name>` or the id of a `Model`. Default: the default model of the profile. */
  model?: string | null | undefined;
  /** The name: 1 to 200 characters on one line. */
  name: string;
  /** The profile of the job, which is created if it does not exist. Default: `default`. */
  profile?: string | null | undefined;
  /** The message that the agent receives in each run: up to 1,000,000 characters. */
  prompt: string;
  /** The number of scheduled runs after which the job is COMPLETED: 1 or more. Default: no limit. */
  repeatLimit?: number | null | undefined;
  /** The schedule: a cron expression of five or six fields (the first of six is seconds), `every 30m`, `in 2h`, or an RFC 3339 time with its offset. */
  schedule: string;
  /** The IANA time zone that a cron expression refers to, such as `Europe/Berlin`. Default: the time zone of the server. */
  timezone?: string | null | undefined;
};

/** Whether the data of a Hermes agent can be read. */
export type HermesState =
  /** Hermes is turned off in the configuration. */
  | 'DISABLED'
  /** Its sessions are shown. */
  | 'FOUND'
  /** There is no Hermes agent yet. Its sessions are shown as soon as there is one. */
  | 'NOT_FOUND'
  /** The process that reads it for all servers of the database is gone. Its sessions are listed; their messages cannot be read until another one that has its files has taken over. */
  | 'UNREACHABLE'
  /** Its database cannot be read. Its sessions are hidden until it can be. */
  | 'UNREADABLE';

/** The state of a run. All values but RUNNING are final. */
export type JobRunStatus =
  /** The stream of the run was cancelled. */
  | 'CANCELLED'
  /** The run failed or ended without an answer. `JobRun.error` says why. */
  | 'ERROR'
  /** The process that ran the job, the server or Hermes, stopped before the run ended. Also a Hermes run of which only a session is known that has not ended. */
  | 'INTERRUPTED'
  /** The run ended with an answer. */
  | 'OK'
  /** The run is in progress. */
  | 'RUNNING';

/** The state of a job. */
export type JobState =
  /** The job has no further due time, it has reached its `repeatLimit`, or Hermes has removed it and it still has runs. */
  | 'COMPLETED'
  /** The schedule of the job is invalid. `Job.error` says why. */
  | 'ERROR'
  /** The job is disabled. */
  | 'PAUSED'
  /** A run of the job is in progress. */
  | 'RUNNING'
  /** The job waits for its next due time. */
  | 'SCHEDULED';

/** What started a run. */
export type JobTrigger =
  /** A call of `runJob`. It does not count towards `repeatLimit` and does not change the schedule. */
  | 'MANUAL'
  /** The schedule of the job. */
  | 'SCHEDULE';

/** The state of an MCP server. */
export type McpServerState =
  /** It has ended, and is started again when it is needed, after a pause. */
  | 'BACKOFF'
  /** The configuration turns it off. */
  | 'DISABLED'
  /** It could not be started, which is tried again later, or its entry in the configuration is invalid. */
  | 'FAILED'
  /** It is started when an answer needs tools. */
  | 'IDLE'
  /** Its tools can be called. */
  | 'READY'
  /** It is being started. Answers go on without its tools meanwhile. */
  | 'STARTING';

/** What a message is for. */
export type MessageKind =
  /** Something that was said, or a note. */
  | 'CHAT'
  /** Stands for earlier messages in what the model is sent, after a compaction by Segue or Hermes. */
  | 'SUMMARY';

/** The progress of a message. */
export type MessageStatus =
  /** The message is complete. */
  | 'COMPLETE'
  /** The message is not whole: its stream was cancelled, failed or was interrupted, or `Stream.finishReason` is LENGTH, CONTENT_FILTER, REFUSAL or BUDGET. */
  | 'PARTIAL'
  /** The message is still growing. Its stream runs. */
  | 'STREAMING'
  /** The user cancelled the message while it was queued. It is shown, but never sent to a model. */
  | 'WITHDRAWN';

/** Where a session or a job is stored. */
export type Origin =
  /** Read from the files of a Hermes agent. Read-only. */
  | 'HERMES'
  /** Stored by Segue. Readable and writable. */
  | 'SEGUE';

/** Whether a provider answers. */
export type ProviderState =
  /** It needs an API key, and none is configured. */
  | 'NO_KEY'
  /** It answers. */
  | 'READY'
  /** It answers, and refuses the API key, the account or the request. */
  | 'REFUSED'
  /** It does not answer, or its server fails. */
  | 'UNREACHABLE';

/** The author of a message. */
export type Role =
  /** The agent. */
  | 'ASSISTANT'
  /** A note or an instruction that is part of the transcript. */
  | 'SYSTEM'
  /** The user. */
  | 'USER';

/** Selects sessions or conversations. All given conditions must match. An omitted field matches anything. */
export type SessionFilter = {
  /** True: only archived conversations, and their sessions. False: only those that are not archived. */
  archived?: boolean | null | undefined;
  /** Only conversations that want one of these, and their sessions. */
  attention?: Array<Attention> | null | undefined;
  /** Only sessions in one of these channels. */
  channels?: Array<Channel> | null | undefined;
  /** Only sessions with one of these ids, at most 1000. */
  ids?: Array<string> | null | undefined;
  /** Only sessions of this origin. */
  origin?: Origin | null | undefined;
  /** True: only pinned conversations, and their sessions. False: only those that are not pinned. */
  pinned?: boolean | null | undefined;
  /** Only this profile. Default: `default`. */
  profile?: string | null | undefined;
};

/** The state of a stream. The last four values are final. */
export type StreamStatus =
  /** The stream was cancelled. The partial answer is saved. */
  | 'CANCELLED'
  /** The model has ended its answer. `Stream.finishReason` says whether it is whole. */
  | 'COMPLETED'
  /** The stream failed. `Stream.error` says why. The partial answer is saved. */
  | 'FAILED'
  /** The server stopped before the stream ended. The partial answer is saved. */
  | 'INTERRUPTED'
  /** The stream waits for another stream of the same session to end. */
  | 'QUEUED'
  /** The agent is producing the answer. */
  | 'RUNNING'
  /** The agent waits for an approval or a clarification. */
  | 'WAITING';

/** The progress of a tool call. */
export type ToolCallState =
  /** The call waits until a user approves or denies it. */
  | 'AWAITING_APPROVAL'
  /** The stream was cancelled before the tool finished. */
  | 'CANCELLED'
  /** A user denied the call. The tool did not run. */
  | 'DENIED'
  /** The tool returned an error, or the call was never complete. */
  | 'FAILED'
  /** The server stopped while the tool was running. The tool may or may not have taken effect. It is never run again automatically. */
  | 'OUTCOME_UNKNOWN'
  /** The tool is running. */
  | 'RUNNING'
  /** The model is still writing the arguments. */
  | 'STREAMING'
  /** The tool returned a result. */
  | 'SUCCEEDED';

/** What happens when a model calls a tool. */
export type ToolPolicy =
  /** It runs at once. */
  | 'ALLOW'
  /** It runs after a user has allowed it, see `Approval`. */
  | 'ASK'
  /** It is refused. */
  | 'DENY';

/** The properties of a job to change. Omitted fields stay unchanged. */
export type UpdateJobInput = {
  /** What each of its runs may use, within the budgets of the profile. 0 takes a limit away. */
  budget?: BudgetInput | null | undefined;
  /** The new effort of reasoning of its answers: one of `efforts` of the model. Empty: the default of the model. */
  effort?: string | null | undefined;
  /** False pauses the job, true resumes it. */
  enabled?: boolean | null | undefined;
  /** The new instructions (system prompt) of its sessions: up to 65,536 characters. Empty: those of the profile. */
  instructions?: string | null | undefined;
  /** The new model, as `<provider>/<name>` or the id of a `Model`. Empty: the default model of the profile. */
  model?: string | null | undefined;
  /** The new name: 1 to 200 characters on one line. */
  name?: string | null | undefined;
  /** The new prompt: up to 1,000,000 characters. */
  prompt?: string | null | undefined;
  /** The number of scheduled runs after which the job is COMPLETED, including past runs. 0: no limit. */
  repeatLimit?: number | null | undefined;
  /** The schedule: a cron expression of five or six fields (the first of six is seconds), `every 30m`, `in 2h`, or an RFC 3339 time with its offset. A new schedule starts at the time of the change. */
  schedule?: string | null | undefined;
  /** The new IANA time zone. Empty: the time zone of the server. */
  timezone?: string | null | undefined;
};

/** What a viewer may do. Each role includes those before it. What a role does not allow is FORBIDDEN. */
export type ViewerRole =
  /** Everything, in all profiles. Only this role creates and deletes profiles. */
  | 'ADMIN'
  /** Queries, and subscriptions that start nothing, in the profiles of the token. */
  | 'READ'
  /** Changes as well, in the same profiles: chats, answers to approvals, jobs. */
  | 'USER';

export type ForkSessionMutationVariables = Exact<{
  messageId: string;
}>;


export type ForkSessionMutation = { forkSession: { id: string } | null };

export type CompactSessionMutationVariables = Exact<{
  id: string;
}>;


export type CompactSessionMutation = { compactSession: { id: string } | null };

export type ProfileInstructionsQueryVariables = Exact<{
  name: string;
}>;


export type ProfileInstructionsQuery = { profile: { instructions: string | null } | null };

export type ChatModelsQueryVariables = Exact<{
  profile?: string | null | undefined;
}>;


export type ChatModelsQuery = { models: Array<{ qualifiedName: string, name: string, provider: string, isDefault: boolean, contextWindow: number | null, efforts: Array<string>, supportsImages: boolean | null, supportsTools: boolean | null, omittedTools: Array<string> }> };

export type FirstRunQueryVariables = Exact<{ [key: string]: never; }>;


export type FirstRunQuery = { server: { hermes: { state: HermesState, error: string | null } }, profile: { models: Array<{ provider: string, isDefault: boolean }>, providers: Array<{ name: string, state: ProviderState, error: string | null }> } | null, conversations: { edges: Array<{ node: { id: string } }> } };

export type OutlinePageQueryVariables = Exact<{
  sessionId: string;
  after?: string | null | undefined;
}>;


export type OutlinePageQuery = { session: { transcript: { pageInfo: { hasNextPage: boolean, endCursor: string | null }, edges: Array<{ node: { id: string, role: Role, kind: MessageKind, text: string } }> } } | null };

export type ExportPageQueryVariables = Exact<{
  sessionId: string;
  after?: string | null | undefined;
}>;


export type ExportPageQuery = { session: { id: string, title: string | null, origin: Origin, source: string, model: string | null, startedAt: string, conversation: { title: string | null }, transcript: { pageInfo: { hasNextPage: boolean, endCursor: string | null }, edges: Array<{ node: { id: string, role: Role, kind: MessageKind, status: MessageStatus, createdAt: string, model: string | null, usage: { estimated: boolean, inputTokens: number, outputTokens: number, reasoningTokens: number, cachedInputTokens: number, cost: { amount: number, currency: string, estimated: boolean } | null } | null, parts: Array<
            | { __typename: 'FilePart', mediaType: string, name: string | null, url: string, index: number, step: number, startedAt: string | null, endedAt: string | null }
            | { __typename: 'ReasoningPart', text: string, index: number, step: number, startedAt: string | null, endedAt: string | null }
            | { __typename: 'TextPart', text: string, index: number, step: number, startedAt: string | null, endedAt: string | null }
            | { __typename: 'ToolCallPart', index: number, step: number, startedAt: string | null, endedAt: string | null, toolCall: { id: string, name: string, argumentsText: string, state: ToolCallState, result: unknown, error: string | null, startedAt: string | null, finishedAt: string | null } }
          > } }> } } | null };

export type SummarizedCountQueryVariables = Exact<{
  id: string;
}>;


export type SummarizedCountQuery = { message: { summarizedCount: number | null } | null };

export type DeleteConversationMutationVariables = Exact<{
  id: string;
}>;


export type DeleteConversationMutation = { deleteConversation: string | null };

export type ConversationOriginsQueryVariables = Exact<{
  id: string;
}>;


export type ConversationOriginsQuery = { conversation: { segments: Array<{ id: string, origin: Origin, activeStream: { id: string } | null }> } | null };

export type ServerInfoQueryVariables = Exact<{ [key: string]: never; }>;


export type ServerInfoQuery = { server: { version: string, limits: { files: number, fileBytes: number, textLength: number } } };

export type ShownUsageFragment = { inputTokens: number, outputTokens: number, cachedInputTokens: number, reasoningTokens: number, estimated: boolean, cost: { amount: number, currency: string, estimated: boolean } | null };

export type JobSummaryFragment = { id: string, origin: Origin, name: string, schedule: string, timezone: string, state: JobState, enabled: boolean, error: string | null, nextRunAt: string | null, lastRun: { id: string, status: JobRunStatus, startedAt: string } | null };

export type ShownJobRunFragment = { id: string, trigger: JobTrigger, status: JobRunStatus, scheduledFor: string | null, startedAt: string, finishedAt: string | null, output: string | null, error: string | null, session: { id: string } | null, usage: { inputTokens: number, outputTokens: number, cachedInputTokens: number, reasoningTokens: number, estimated: boolean, cost: { amount: number, currency: string, estimated: boolean } | null } | null };

export type JobSettingsFragment = { id: string, origin: Origin, name: string, prompt: string, schedule: string, timezone: string, model: string | null, effort: string | null, instructions: string | null, repeatLimit: number | null, nextRuns: Array<string>, budget: { tokens: number | null, cost: number | null } | null, profile: { name: string } };

export type JobListQueryVariables = Exact<{
  profile?: string | null | undefined;
}>;


export type JobListQuery = { jobs: Array<{ id: string, origin: Origin, name: string, schedule: string, timezone: string, state: JobState, enabled: boolean, error: string | null, nextRunAt: string | null, lastRun: { id: string, status: JobRunStatus, startedAt: string } | null }> };

export type JobDetailQueryVariables = Exact<{
  id: string;
}>;


export type JobDetailQuery = { job: { completedRuns: number, skippedRuns: number, id: string, origin: Origin, name: string, schedule: string, timezone: string, state: JobState, enabled: boolean, error: string | null, nextRunAt: string | null, prompt: string, model: string | null, effort: string | null, instructions: string | null, repeatLimit: number | null, nextRuns: Array<string>, lastRun: { id: string, status: JobRunStatus, startedAt: string } | null, budget: { tokens: number | null, cost: number | null } | null, profile: { name: string } } | null };

export type JobRunsQueryVariables = Exact<{
  id: string;
  first: number;
}>;


export type JobRunsQuery = { job: { runs: { edges: Array<{ node: { id: string, trigger: JobTrigger, status: JobRunStatus, scheduledFor: string | null, startedAt: string, finishedAt: string | null, output: string | null, error: string | null, session: { id: string } | null, usage: { inputTokens: number, outputTokens: number, cachedInputTokens: number, reasoningTokens: number, estimated: boolean, cost: { amount: number, currency: string, estimated: boolean } | null } | null } }>, pageInfo: { hasNextPage: boolean } } } | null };

export type JobToEditQueryVariables = Exact<{
  id: string;
}>;


export type JobToEditQuery = { job: { id: string, origin: Origin, name: string, prompt: string, schedule: string, timezone: string, model: string | null, effort: string | null, instructions: string | null, repeatLimit: number | null, nextRuns: Array<string>, budget: { tokens: number | null, cost: number | null } | null, profile: { name: string } } | null };

export type JobFormChoicesQueryVariables = Exact<{
  profile?: string | null | undefined;
}>;


export type JobFormChoicesQuery = { profiles: Array<{ name: string }>, models: Array<{ qualifiedName: string, isDefault: boolean, efforts: Array<string> }> };

export type SchedulePreviewQueryVariables = Exact<{
  schedule: string;
  timezone?: string | null | undefined;
}>;


export type SchedulePreviewQuery = { schedulePreview: Array<string> };

export type JobUsageQueryVariables = Exact<{
  profile?: string | null | undefined;
}>;


export type JobUsageQuery = { usage: Array<{ group: string | null, usage: { inputTokens: number, outputTokens: number, cachedInputTokens: number, reasoningTokens: number, estimated: boolean, cost: { amount: number, currency: string, estimated: boolean } | null } }> };

export type JobRunChangesSubscriptionVariables = Exact<{
  profile?: string | null | undefined;
  jobId?: string | null | undefined;
  finishedSince?: string | null | undefined;
}>;


export type JobRunChangesSubscription = { jobRuns: { id: string, status: JobRunStatus } };

export type CreateJobMutationVariables = Exact<{
  input: CreateJobInput;
}>;


export type CreateJobMutation = { createJob: { id: string } | null };

export type UpdateJobMutationVariables = Exact<{
  id: string;
  input: UpdateJobInput;
}>;


export type UpdateJobMutation = { updateJob: { id: string, origin: Origin, name: string, schedule: string, timezone: string, state: JobState, enabled: boolean, error: string | null, nextRunAt: string | null, lastRun: { id: string, status: JobRunStatus, startedAt: string } | null } | null };

export type RunJobMutationVariables = Exact<{
  id: string;
}>;


export type RunJobMutation = { runJob: { alreadyRunning: boolean } | null };

export type DeleteJobMutationVariables = Exact<{
  id: string;
}>;


export type DeleteJobMutation = { deleteJob: string | null };

export type FindInChatQueryVariables = Exact<{
  query: string;
  filter?: SessionFilter | null | undefined;
  after?: string | null | undefined;
}>;


export type FindInChatQuery = { search: { pageInfo: { hasNextPage: boolean, endCursor: string | null }, edges: Array<{ node: { snippet: string, message: { id: string, role: Role, createdAt: string } | null, session: { id: string } } }> } | null };

export type SessionsOfChatQueryVariables = Exact<{
  id: string;
}>;


export type SessionsOfChatQuery = { conversation: { segments: Array<{ id: string }> } | null };

export type PaletteSearchQueryVariables = Exact<{
  query: string;
  filter?: SessionFilter | null | undefined;
}>;


export type PaletteSearchQuery = { search: { edges: Array<{ node: { snippet: string, message: { id: string } | null, session: { id: string, title: string | null, conversation: { id: string, title: string | null } } } }> } | null };

export type ActivityDetailsQueryVariables = Exact<{
  streamId: string;
}>;


export type ActivityDetailsQuery = { stream: { status: StreamStatus, error: { message: string } | null, message: { text: string } | null, session: { conversation: { id: string, title: string | null } } } | null };

export type ProfileCountQueryVariables = Exact<{
  profile: string;
}>;


export type ProfileCountQuery = { conversationCounts: { total: number } };

export type ProfileNamesQueryVariables = Exact<{ [key: string]: never; }>;


export type ProfileNamesQuery = { profiles: Array<{ name: string }> };

export type ProfileOfSessionQueryVariables = Exact<{
  id: string;
}>;


export type ProfileOfSessionQuery = { session: { profile: { name: string } } | null };

export type SearchChatsQueryVariables = Exact<{
  query: string;
  filter?: SessionFilter | null | undefined;
  after?: string | null | undefined;
}>;


export type SearchChatsQuery = { search: { edges: Array<{ node: { snippet: string, message: { id: string, createdAt: string } | null, session: { id: string, title: string | null, lastActivityAt: string, conversation: { id: string, title: string | null } } } }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } | null };

export type SettingsProfilesQueryVariables = Exact<{ [key: string]: never; }>;


export type SettingsProfilesQuery = { profiles: Array<{ id: string, name: string, isDefault: boolean, instructions: string | null }> };

export type SettingsProvidersQueryVariables = Exact<{
  profile: string;
}>;


export type SettingsProvidersQuery = { profile: { providers: Array<{ name: string, type: string, state: ProviderState, error: string | null }>, models: Array<{ id: string, name: string, provider: string, isDefault: boolean, contextWindow: number | null, efforts: Array<string>, supportsImages: boolean | null, supportsTools: boolean | null, omittedTools: Array<string> }> } | null };

export type ShownProviderFragment = { name: string, type: string, state: ProviderState, error: string | null };

export type ShownModelFragment = { id: string, name: string, provider: string, isDefault: boolean, contextWindow: number | null, efforts: Array<string>, supportsImages: boolean | null, supportsTools: boolean | null, omittedTools: Array<string> };

export type SettingsMcpServersQueryVariables = Exact<{
  profile?: string | null | undefined;
}>;


export type SettingsMcpServersQuery = { mcpServers: Array<{ name: string, state: McpServerState, error: string | null, since: string, tools: Array<{ name: string, description: string | null, policy: ToolPolicy, readOnly: boolean }>, omittedTools: Array<{ name: string, reason: string }> }> };

export type ShownMcpServerFragment = { name: string, state: McpServerState, error: string | null, since: string, tools: Array<{ name: string, description: string | null, policy: ToolPolicy, readOnly: boolean }>, omittedTools: Array<{ name: string, reason: string }> };

export type SettingsApprovalRulesQueryVariables = Exact<{
  profile: string;
}>;


export type SettingsApprovalRulesQuery = { profile: { approvalRules: Array<{ id: string, tool: string, pattern: unknown, since: string, session: { id: string, title: string | null } | null }> } | null };

export type ShownApprovalRuleFragment = { id: string, tool: string, pattern: unknown, since: string, session: { id: string, title: string | null } | null };

export type ForgetApprovalRuleMutationVariables = Exact<{
  id: string;
}>;


export type ForgetApprovalRuleMutation = { forgetApproval: { id: string } | null };

export type SettingsServerQueryVariables = Exact<{ [key: string]: never; }>;


export type SettingsServerQuery = { server: { version: string, startedAt: string, hermes: { state: HermesState, error: string | null }, limits: { decisionSeconds: number, fileBytes: number, files: number, queueLength: number, textLength: number } } };

export type SettingsViewerQueryVariables = Exact<{ [key: string]: never; }>;


export type SettingsViewerQuery = { server: { viewer: { name: string | null, role: ViewerRole } } };

export type ChatCountsQueryVariables = Exact<{
  byChannel: SessionFilter;
  byOrigin: SessionFilter;
  archived: SessionFilter;
}>;


export type ChatCountsQuery = { byChannel: { channels: Array<{ channel: Channel, count: number }> }, byOrigin: { total: number, origins: Array<{ origin: Origin, count: number }> }, archived: { total: number } };

export type ChatSegmentsQueryVariables = Exact<{
  id: string;
  skip: number;
}>;


export type ChatSegmentsQuery = { conversation: { segments: Array<{ id: string, title: string | null, source: string, channel: Channel, startedAt: string, messageCount: number, messages: { edges: Array<{ node: { id: string } }> } }> } | null };

export type UsageGroupSumFragment = { group: string | null, answers: number, usage: { inputTokens: number, outputTokens: number, cachedInputTokens: number, reasoningTokens: number, estimated: boolean, cost: { amount: number, currency: string, estimated: boolean } | null } };

export type UsageOfSpanQueryVariables = Exact<{
  profile?: string | null | undefined;
  from: string;
  to: string;
}>;


export type UsageOfSpanQuery = { days: Array<{ group: string | null, answers: number, usage: { inputTokens: number, outputTokens: number, cachedInputTokens: number, reasoningTokens: number, estimated: boolean, cost: { amount: number, currency: string, estimated: boolean } | null } }>, models: Array<{ group: string | null, answers: number, usage: { inputTokens: number, outputTokens: number, cachedInputTokens: number, reasoningTokens: number, estimated: boolean, cost: { amount: number, currency: string, estimated: boolean } | null } }>, jobs: Array<{ group: string | null, answers: number, usage: { inputTokens: number, outputTokens: number, cachedInputTokens: number, reasoningTokens: number, estimated: boolean, cost: { amount: number, currency: string, estimated: boolean } | null } }> };

export type UsageNamesQueryVariables = Exact<{
  profile?: string | null | undefined;
}>;


export type UsageNamesQuery = { jobs: Array<{ id: string, name: string }> };

export class TypedDocumentString<TResult, TVariables>
  extends String
  implements DocumentTypeDecoration<TResult, TVariables>
{
  __apiType?: NonNullable<DocumentTypeDecoration<TResult, TVariables>['__apiType']>;
  private value: string;
  public __meta__?: Record<string, any> | undefined;

  constructor(value: string, __meta__?: Record<string, any> | undefined) {
    super(value);
    this.value = value;
    this.__meta__ = __meta__;
  }

  override toString(): string & DocumentTypeDecoration<TResult, TVariables> {
    return this.value;
  }
}
export const JobSummaryFragmentDoc = new TypedDocumentString(`
    fragment JobSummary on Job {
  id
  origin
  name
  schedule
  timezone
  state
  enabled
  error
  nextRunAt
  lastRun {
    id
    status
    startedAt
  }
}
    `, {"fragmentName":"JobSummary"}) as unknown as TypedDocumentString<JobSummaryFragment, unknown>;
export const ShownUsageFragmentDoc = new TypedDocumentString(`
    fragment ShownUsage on Usage {
  inputTokens
  outputTokens
  cachedInputTokens
  reasoningTokens
  estimated
  cost {
    amount
    currency
    estimated
  }
}
    `, {"fragmentName":"ShownUsage"}) as unknown as TypedDocumentString<ShownUsageFragment, unknown>;
export const ShownJobRunFragmentDoc = new TypedDocumentString(`
    fragment ShownJobRun on JobRun {
  id
  trigger
  status
  scheduledFor
  startedAt
  finishedAt
  output
  error
  session {
    id
  }
  usage {
    ...ShownUsage
  }
}
    fragment ShownUsage on Usage {
  inputTokens
  outputTokens
  cachedInputTokens
  reasoningTokens
  estimated
  cost {
    amount
    currency
    estimated
  }
}`, {"fragmentName":"ShownJobRun"}) as unknown as TypedDocumentString<ShownJobRunFragment, unknown>;
export const JobSettingsFragmentDoc = new TypedDocumentString(`
    fragment JobSettings on Job {
  id
  origin
  name
  prompt
  schedule
  timezone
  model
  effort
  instructions
  repeatLimit
  budget {
    tokens
    cost
  }
  nextRuns(first: 5)
  profile {
    name
  }
}
    `, {"fragmentName":"JobSettings"}) as unknown as TypedDocumentString<JobSettingsFragment, unknown>;
export const ShownProviderFragmentDoc = new TypedDocumentString(`
    fragment ShownProvider on Provider {
  name
  type
  state
  error
}
    `, {"fragmentName":"ShownProvider"}) as unknown as TypedDocumentString<ShownProviderFragment, unknown>;
export const ShownModelFragmentDoc = new TypedDocumentString(`
    fragment ShownModel on Model {
  id
  name
  provider
  isDefault
  contextWindow
  efforts
  supportsImages
  supportsTools
  omittedTools
}
    `, {"fragmentName":"ShownModel"}) as unknown as TypedDocumentString<ShownModelFragment, unknown>;
export const ShownMcpServerFragmentDoc = new TypedDocumentString(`
    fragment ShownMcpServer on McpServer {
  name
  state
  error
  since
  tools {
    name
    description
    policy
    readOnly
  }
  omittedTools {
    name
    reason
  }
}
    `, {"fragmentName":"ShownMcpServer"}) as unknown as TypedDocumentString<ShownMcpServerFragment, unknown>;
export const ShownApprovalRuleFragmentDoc = new TypedDocumentString(`
    fragment ShownApprovalRule on ApprovalRule {
  id
  tool
  pattern
  since
  session {
    id
    title
  }
}
    `, {"fragmentName":"ShownApprovalRule"}) as unknown as TypedDocumentString<ShownApprovalRuleFragment, unknown>;
export const UsageGroupSumFragmentDoc = new TypedDocumentString(`
    fragment UsageGroupSum on UsageSum {
  group
  answers
  usage {
    ...ShownUsage
  }
}
    fragment ShownUsage on Usage {
  inputTokens
  outputTokens
  cachedInputTokens
  reasoningTokens
  estimated
  cost {
    amount
    currency
    estimated
  }
}`, {"fragmentName":"UsageGroupSum"}) as unknown as TypedDocumentString<UsageGroupSumFragment, unknown>;
export const ForkSessionDocument = new TypedDocumentString(`
    mutation ForkSession($messageId: ID!) {
  forkSession(messageId: $messageId) {
    id
  }
}
    `) as unknown as TypedDocumentString<ForkSessionMutation, ForkSessionMutationVariables>;
export const CompactSessionDocument = new TypedDocumentString(`
    mutation CompactSession($id: ID!) {
  compactSession(id: $id) {
    id
  }
}
    `) as unknown as TypedDocumentString<CompactSessionMutation, CompactSessionMutationVariables>;
export const ProfileInstructionsDocument = new TypedDocumentString(`
    query ProfileInstructions($name: String!) {
  profile(name: $name) {
    instructions
  }
}
    `) as unknown as TypedDocumentString<ProfileInstructionsQuery, ProfileInstructionsQueryVariables>;
export const ChatModelsDocument = new TypedDocumentString(`
    query ChatModels($profile: String) {
  models(profile: $profile) {
    qualifiedName
    name
    provider
    isDefault
    contextWindow
    efforts
    supportsImages
    supportsTools
    omittedTools
  }
}
    `) as unknown as TypedDocumentString<ChatModelsQuery, ChatModelsQueryVariables>;
export const FirstRunDocument = new TypedDocumentString(`
    query FirstRun {
  server {
    hermes {
      state
      error
    }
  }
  profile(name: "default") {
    models {
      provider
      isDefault
    }
    providers {
      name
      state
      error
    }
  }
  conversations(first: 1) {
    edges {
      node {
        id
      }
    }
  }
}
    `) as unknown as TypedDocumentString<FirstRunQuery, FirstRunQueryVariables>;
export const OutlinePageDocument = new TypedDocumentString(`
    query OutlinePage($sessionId: ID!, $after: String) {
  session(id: $sessionId) {
    transcript(first: 500, after: $after) {
      pageInfo {
        hasNextPage
        endCursor
      }
      edges {
        node {
          id
          role
          kind
          text
        }
      }
    }
  }
}
    `) as unknown as TypedDocumentString<OutlinePageQuery, OutlinePageQueryVariables>;
export const ExportPageDocument = new TypedDocumentString(`
    query ExportPage($sessionId: ID!, $after: String) {
  session(id: $sessionId) {
    id
    title
    conversation {
      title
    }
    origin
    source
    model
    startedAt
    transcript(first: 200, after: $after) {
      pageInfo {
        hasNextPage
        endCursor
      }
      edges {
        node {
          id
          role
          kind
          status
          createdAt
          model
          usage {
            estimated
            inputTokens
            outputTokens
            reasoningTokens
            cachedInputTokens
            cost {
              amount
              currency
              estimated
            }
          }
          parts {
            __typename
            index
            step
            startedAt
            endedAt
            ... on TextPart {
              text
            }
            ... on ReasoningPart {
              text
            }
            ... on ToolCallPart {
              toolCall {
                id
                name
                argumentsText
                state
                result
                error
                startedAt
                finishedAt
              }
            }
            ... on FilePart {
              mediaType
              name
              url
            }
          }
        }
      }
    }
  }
}
    `) as unknown as TypedDocumentString<ExportPageQuery, ExportPageQueryVariables>;
export const SummarizedCountDocument = new TypedDocumentString(`
    query SummarizedCount($id: ID!) {
  message(id: $id) {
    summarizedCount
  }
}
    `) as unknown as TypedDocumentString<SummarizedCountQuery, SummarizedCountQueryVariables>;
export const DeleteConversationDocument = new TypedDocumentString(`
    mutation DeleteConversation($id: ID!) {
  deleteConversation(id: $id)
}
    `) as unknown as TypedDocumentString<DeleteConversationMutation, DeleteConversationMutationVariables>;
export const ConversationOriginsDocument = new TypedDocumentString(`
    query ConversationOrigins($id: ID!) {
  conversation(id: $id) {
    segments {
      id
      origin
      activeStream {
        id
      }
    }
  }
}
    `) as unknown as TypedDocumentString<ConversationOriginsQuery, ConversationOriginsQueryVariables>;
export const ServerInfoDocument = new TypedDocumentString(`
    query ServerInfo {
  server {
    version
    limits {
      files
      fileBytes
      textLength
    }
  }
}
    `) as unknown as TypedDocumentString<ServerInfoQuery, ServerInfoQueryVariables>;
export const JobListDocument = new TypedDocumentString(`
    query JobList($profile: String) {
  jobs(profile: $profile) {
    ...JobSummary
  }
}
    fragment JobSummary on Job {
  id
  origin
  name
  schedule
  timezone
  state
  enabled
  error
  nextRunAt
  lastRun {
    id
    status
    startedAt
  }
}`) as unknown as TypedDocumentString<JobListQuery, JobListQueryVariables>;
export const JobDetailDocument = new TypedDocumentString(`
    query JobDetail($id: ID!) {
  job(id: $id) {
    ...JobSummary
    ...JobSettings
    completedRuns
    skippedRuns
  }
}
    fragment JobSummary on Job {
  id
  origin
  name
  schedule
  timezone
  state
  enabled
  error
  nextRunAt
  lastRun {
    id
    status
    startedAt
  }
}
fragment JobSettings on Job {
  id
  origin
  name
  prompt
  schedule
  timezone
  model
  effort
  instructions
  repeatLimit
  budget {
    tokens
    cost
  }
  nextRuns(first: 5)
  profile {
    name
  }
}`) as unknown as TypedDocumentString<JobDetailQuery, JobDetailQueryVariables>;
export const JobRunsDocument = new TypedDocumentString(`
    query JobRuns($id: ID!, $first: Int!) {
  job(id: $id) {
    runs(first: $first) {
      edges {
        node {
          ...ShownJobRun
        }
      }
      pageInfo {
        hasNextPage
      }
    }
  }
}
    fragment ShownUsage on Usage {
  inputTokens
  outputTokens
  cachedInputTokens
  reasoningTokens
  estimated
  cost {
    amount
    currency
    estimated
  }
}
fragment ShownJobRun on JobRun {
  id
  trigger
  status
  scheduledFor
  startedAt
  finishedAt
  output
  error
  session {
    id
  }
  usage {
    ...ShownUsage
  }
}`) as unknown as TypedDocumentString<JobRunsQuery, JobRunsQueryVariables>;
export const JobToEditDocument = new TypedDocumentString(`
    query JobToEdit($id: ID!) {
  job(id: $id) {
    ...JobSettings
  }
}
    fragment JobSettings on Job {
  id
  origin
  name
  prompt
  schedule
  timezone
  model
  effort
  instructions
  repeatLimit
  budget {
    tokens
    cost
  }
  nextRuns(first: 5)
  profile {
    name
  }
}`) as unknown as TypedDocumentString<JobToEditQuery, JobToEditQueryVariables>;
export const JobFormChoicesDocument = new TypedDocumentString(`
    query JobFormChoices($profile: String) {
  profiles {
    name
  }
  models(profile: $profile) {
    qualifiedName
    isDefault
    efforts
  }
}
    `) as unknown as TypedDocumentString<JobFormChoicesQuery, JobFormChoicesQueryVariables>;
export const SchedulePreviewDocument = new TypedDocumentString(`
    query SchedulePreview($schedule: String!, $timezone: String) {
  schedulePreview(schedule: $schedule, timezone: $timezone)
}
    `) as unknown as TypedDocumentString<SchedulePreviewQuery, SchedulePreviewQueryVariables>;
export const JobUsageDocument = new TypedDocumentString(`
    query JobUsage($profile: String) {
  usage(profile: $profile, groupBy: JOB, first: 1000) {
    group
    usage {
      ...ShownUsage
    }
  }
}
    fragment ShownUsage on Usage {
  inputTokens
  outputTokens
  cachedInputTokens
  reasoningTokens
  estimated
  cost {
    amount
    currency
    estimated
  }
}`) as unknown as TypedDocumentString<JobUsageQuery, JobUsageQueryVariables>;
export const JobRunChangesDocument = new TypedDocumentString(`
    subscription JobRunChanges($profile: String, $jobId: ID, $finishedSince: DateTime) {
  jobRuns(profile: $profile, jobId: $jobId, finishedSince: $finishedSince) {
    id
    status
  }
}
    `) as unknown as TypedDocumentString<JobRunChangesSubscription, JobRunChangesSubscriptionVariables>;
export const CreateJobDocument = new TypedDocumentString(`
    mutation CreateJob($input: CreateJobInput!) {
  createJob(input: $input) {
    id
  }
}
    `) as unknown as TypedDocumentString<CreateJobMutation, CreateJobMutationVariables>;
export const UpdateJobDocument = new TypedDocumentString(`
    mutation UpdateJob($id: ID!, $input: UpdateJobInput!) {
  updateJob(id: $id, input: $input) {
    ...JobSummary
  }
}
    fragment JobSummary on Job {
  id
  origin
  name
  schedule
  timezone
  state
  enabled
  error
  nextRunAt
  lastRun {
    id
    status
    startedAt
  }
}`) as unknown as TypedDocumentString<UpdateJobMutation, UpdateJobMutationVariables>;
export const RunJobDocument = new TypedDocumentString(`
    mutation RunJob($id: ID!) {
  runJob(id: $id) {
    alreadyRunning
  }
}
    `) as unknown as TypedDocumentString<RunJobMutation, RunJobMutationVariables>;
export const DeleteJobDocument = new TypedDocumentString(`
    mutation DeleteJob($id: ID!) {
  deleteJob(id: $id)
}
    `) as unknown as TypedDocumentString<DeleteJobMutation, DeleteJobMutationVariables>;
export const FindInChatDocument = new TypedDocumentString(`
    query FindInChat($query: String!, $filter: SessionFilter, $after: String) {
  search(query: $query, filter: $filter, first: 50, after: $after) {
    pageInfo {
      hasNextPage
      endCursor
    }
    edges {
      node {
        snippet
        message {
          id
          role
          createdAt
        }
        session {
          id
        }
      }
    }
  }
}
    `) as unknown as TypedDocumentString<FindInChatQuery, FindInChatQueryVariables>;
export const SessionsOfChatDocument = new TypedDocumentString(`
    query SessionsOfChat($id: ID!) {
  conversation(id: $id) {
    segments {
      id
    }
  }
}
    `) as unknown as TypedDocumentString<SessionsOfChatQuery, SessionsOfChatQueryVariables>;
export const PaletteSearchDocument = new TypedDocumentString(`
    query PaletteSearch($query: String!, $filter: SessionFilter) {
  search(query: $query, filter: $filter, first: 12) {
    edges {
      node {
        snippet
        message {
          id
        }
        session {
          id
          title
          conversation {
            id
            title
          }
        }
      }
    }
  }
}
    `) as unknown as TypedDocumentString<PaletteSearchQuery, PaletteSearchQueryVariables>;
export const ActivityDetailsDocument = new TypedDocumentString(`
    query ActivityDetails($streamId: ID!) {
  stream(id: $streamId) {
    status
    error {
      message
    }
    message {
      text
    }
    session {
      conversation {
        id
        title
      }
    }
  }
}
    `) as unknown as TypedDocumentString<ActivityDetailsQuery, ActivityDetailsQueryVariables>;
export const ProfileCountDocument = new TypedDocumentString(`
    query ProfileCount($profile: String!) {
  conversationCounts(filter: { profile: $profile, archived: false }) {
    total
  }
}
    `) as unknown as TypedDocumentString<ProfileCountQuery, ProfileCountQueryVariables>;
export const ProfileNamesDocument = new TypedDocumentString(`
    query ProfileNames {
  profiles {
    name
  }
}
    `) as unknown as TypedDocumentString<ProfileNamesQuery, ProfileNamesQueryVariables>;
export const ProfileOfSessionDocument = new TypedDocumentString(`
    query ProfileOfSession($id: ID!) {
  session(id: $id) {
    profile {
      name
    }
  }
}
    `) as unknown as TypedDocumentString<ProfileOfSessionQuery, ProfileOfSessionQueryVariables>;
export const SearchChatsDocument = new TypedDocumentString(`
    query SearchChats($query: String!, $filter: SessionFilter, $after: String) {
  search(query: $query, filter: $filter, first: 50, after: $after) {
    edges {
      node {
        snippet
        message {
          id
          createdAt
        }
        session {
          id
          title
          lastActivityAt
          conversation {
            id
            title
          }
        }
      }
    }
    pageInfo {
      hasNextPage
      endCursor
    }
  }
}
    `) as unknown as TypedDocumentString<SearchChatsQuery, SearchChatsQueryVariables>;
export const SettingsProfilesDocument = new TypedDocumentString(`
    query SettingsProfiles {
  profiles {
    id
    name
    isDefault
    instructions
  }
}
    `) as unknown as TypedDocumentString<SettingsProfilesQuery, SettingsProfilesQueryVariables>;
export const SettingsProvidersDocument = new TypedDocumentString(`
    query SettingsProviders($profile: String!) {
  profile(name: $profile) {
    providers {
      ...ShownProvider
    }
    models {
      ...ShownModel
    }
  }
}
    fragment ShownProvider on Provider {
  name
  type
  state
  error
}
fragment ShownModel on Model {
  id
  name
  provider
  isDefault
  contextWindow
  efforts
  supportsImages
  supportsTools
  omittedTools
}`) as unknown as TypedDocumentString<SettingsProvidersQuery, SettingsProvidersQueryVariables>;
export const SettingsMcpServersDocument = new TypedDocumentString(`
    query SettingsMcpServers($profile: String) {
  mcpServers(profile: $profile) {
    ...ShownMcpServer
  }
}
    fragment ShownMcpServer on McpServer {
  name
  state
  error
  since
  tools {
    name
    description
    policy
    readOnly
  }
  omittedTools {
    name
    reason
  }
}`) as unknown as TypedDocumentString<SettingsMcpServersQuery, SettingsMcpServersQueryVariables>;
export const SettingsApprovalRulesDocument = new TypedDocumentString(`
    query SettingsApprovalRules($profile: String!) {
  profile(name: $profile) {
    approvalRules {
      ...ShownApprovalRule
    }
  }
}
    fragment ShownApprovalRule on ApprovalRule {
  id
  tool
  pattern
  since
  session {
    id
    title
  }
}`) as unknown as TypedDocumentString<SettingsApprovalRulesQuery, SettingsApprovalRulesQueryVariables>;
export const ForgetApprovalRuleDocument = new TypedDocumentString(`
    mutation ForgetApprovalRule($id: ID!) {
  forgetApproval(id: $id) {
    id
  }
}
    `) as unknown as TypedDocumentString<ForgetApprovalRuleMutation, ForgetApprovalRuleMutationVariables>;
export const SettingsServerDocument = new TypedDocumentString(`
    query SettingsServer {
  server {
    version
    startedAt
    hermes {
      state
      error
    }
    limits {
      decisionSeconds
      fileBytes
      files
      queueLength
      textLength
    }
  }
}
    `) as unknown as TypedDocumentString<SettingsServerQuery, SettingsServerQueryVariables>;
export const SettingsViewerDocument = new TypedDocumentString(`
    query SettingsViewer {
  server {
    viewer {
      name
      role
    }
  }
}
    `) as unknown as TypedDocumentString<SettingsViewerQuery, SettingsViewerQueryVariables>;
export const ChatCountsDocument = new TypedDocumentString(`
    query ChatCounts($byChannel: SessionFilter!, $byOrigin: SessionFilter!, $archived: SessionFilter!) {
  byChannel: conversationCounts(filter: $byChannel) {
    channels {
      channel
      count
    }
  }
  byOrigin: conversationCounts(filter: $byOrigin) {
    total
    origins {
      origin
      count
    }
  }
  archived: conversationCounts(filter: $archived) {
    total
  }
}
    `) as unknown as TypedDocumentString<ChatCountsQuery, ChatCountsQueryVariables>;
export const ChatSegmentsDocument = new TypedDocumentString(`
    query ChatSegments($id: ID!, $skip: Int!) {
  conversation(id: $id) {
    segments(first: 50, skip: $skip) {
      id
      title
      source
      channel
      startedAt
      messageCount
      messages(first: 1) {
        edges {
          node {
            id
          }
        }
      }
    }
  }
}
    `) as unknown as TypedDocumentString<ChatSegmentsQuery, ChatSegmentsQueryVariables>;
export const UsageOfSpanDocument = new TypedDocumentString(`
    query UsageOfSpan($profile: String, $from: DateTime!, $to: DateTime!) {
  days: usage(profile: $profile, from: $from, to: $to, groupBy: DAY, first: 1000) {
    ...UsageGroupSum
  }
  models: usage(
    profile: $profile
    from: $from
    to: $to
    groupBy: MODEL
    first: 50
  ) {
    ...UsageGroupSum
  }
  jobs: usage(profile: $profile, from: $from, to: $to, groupBy: JOB, first: 50) {
    ...UsageGroupSum
  }
}
    fragment ShownUsage on Usage {
  inputTokens
  outputTokens
  cachedInputTokens
  reasoningTokens
  estimated
  cost {
    amount
    currency
    estimated
  }
}
fragment UsageGroupSum on UsageSum {
  group
  answers
  usage {
    ...ShownUsage
  }
}`) as unknown as TypedDocumentString<UsageOfSpanQuery, UsageOfSpanQueryVariables>;
export const UsageNamesDocument = new TypedDocumentString(`
    query UsageNames($profile: String) {
  jobs(profile: $profile) {
    id
    name
  }
}
    `) as unknown as TypedDocumentString<UsageNamesQuery, UsageNamesQueryVariables>;