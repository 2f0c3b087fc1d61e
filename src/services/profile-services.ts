import type { Logger } from 'pino'
import { Models } from '../agent/models/model-registry.ts'
import { offlineModel } from '../agent/offline/offline-model.ts'
import { ApprovalPolicy } from '../agent/tools/approval-policy.ts'
import { McpTools } from '../agent/mcp/mcp-tool-source.ts'
import type { ToolSource } from '../agent/tools/tool.ts'
import { Toolbox } from '../agent/tools/toolbox.ts'
import { Chats } from '../chat/chat-service.ts'
import type { Limits } from '../config/limits.ts'
import type { NamedProfileSettings } from '../config/profile/profile-settings.ts'
import type { SegueError } from '../lib/errors.ts'
import { Jobs } from '../jobs/job-service.ts'
import { openProfile, type Profile, type ProfileOptions } from './profile-stores.ts'
import { Conversations } from '../sessions/conversation-repository.ts'
import { Sessions } from '../sessions/session-repository.ts'
import { ConversationFeed } from './conversation-feed.ts'
import { runJob } from './run-job.ts'

/** All that belongs to one profile, put together. Nothing in it knows of another one. */
export interface Domain {
  readonly profile: Profile
  readonly sessions: Sessions
  readonly conversations: Conversations
  /** What changes in their list. */
  readonly feed: ConversationFeed
  readonly chats: Chats
  readonly models: Models
  readonly jobs: Jobs
  /**
   * Begins nothing more, and saves what is being made; what is kept can still be read. Whoever still wants something
   * begun is told `why`: that the server is stopping, unless told.
   */
  endChats(why?: SegueError): Promise<void>
  /** The same, then stops what was started for its tools, completes whoever follows, and closes its database. */
  close(why?: SegueError): Promise<void>
}

export interface DomainOptions extends Omit<ProfileOptions, 'log'> {
  readonly settings: NamedProfileSettings
  /** Milliseconds between two words of the offline agent. */
  readonly offlineDelay: number
  readonly limits: Limits
  /** Throws RATE_LIMITED when no more answers can be made at the same time, over all profiles. */
  readonly checkRoom: () => void
  /** Where its tools come from: its MCP servers, unless told. */
  readonly tools?: ToolSource
  /** A run of a job has begun or ended. */
  readonly onRunChange: () => void
  readonly log: Logger
}

/**
 * Opens a profile and ends what an earlier process left behind in it. Rejects with NewerDatabaseError and
 * UnusableDatabaseError; nothing stays open then.
 */
export async function openDomain(options: DomainOptions): Promise<Domain> {
  const { settings, offlineDelay, limits, checkRoom, onRunChange, log } = options
  await using opened = new AsyncDisposableStack()
  const profile = openProfile(options)
  opened.defer(() => profile.close())

  const onProblem = (error: unknown, what: string): void => log.error({ err: error }, what)
  const tools = options.tools ?? new McpTools({ servers: settings.mcpServers, log })
  opened.defer(() => tools.close())
  const toolbox = new Toolbox({
    source: tools,
    policy: new ApprovalPolicy(settings.approvals),
    keep: (bytes) => profile.files.keep(bytes),
    toolTime: limits.toolSeconds * 1000,
    decisionTime: limits.decisionSeconds * 1000,
    resultLength: limits.toolResultLength,
    onProblem,
  })
  const models = new Models({
    providers: settings.providers,
    offline: offlineModel({ delayMs: offlineDelay, toolbox }),
    toolbox,
    maxSteps: limits.stepsPerAnswer,
    defaultModel: settings.model,
    silence: limits.modelSilenceSeconds * 1000,
    log,
  })
  const sessions = new Sessions(profile)
  const conversations = new Conversations(profile, sessions)
  const feed = new ConversationFeed({ profile, sessions, conversations })
  opened.defer(() => feed.close())
  const { compactAt, titles } = settings
  const chats = new Chats({ profile, sessions, models, onProblem, compactAt, titles, checkRoom })
  opened.defer(() => chats.log.close())
  const jobs = new Jobs({
    profile: profile.name,
    store: profile.jobs,
    hermes: profile.hermesJobs,
    run: (job, run) => runJob(chats, job, run),
    onChange: onRunChange,
    onProblem,
  })
  const endChats = async (why?: SegueError): Promise<void> => {
    // Runs end with their streams, and are recorded then.
    const recorded = jobs.close()
    await chats.close(why)
    await recorded
  }
  opened.defer(() => endChats())
  const recovered = await chats.recover()
  if (recovered > 0) {
    log.info({ streams: recovered }, 'ended the streams that the last stop had cut off')
  }

  await jobs.start()

  const running = opened.move()
  const close = async (why?: SegueError): Promise<void> => {
    await endChats(why)
    await running.disposeAsync()
  }
  return { profile, sessions, conversations, feed, chats, models, jobs, endChats, close }
}
