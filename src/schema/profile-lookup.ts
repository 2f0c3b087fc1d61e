import { PendingDecisionLoader } from '../chat/decisions/pending-decision-loader.ts'
import type { ProfileServices } from '../services/profile-services.ts'
import type { ProfileRegistry } from '../services/profile-registry.ts'
import { notFound } from '../lib/errors.ts'
import { ConversationLoader } from '../sessions/conversation-loader.ts'
import type { Conversation } from '../sessions/conversation-repository.ts'
import { SessionLoader } from '../sessions/session-loader.ts'
import type { JobRecord, JobRunRecord } from '../model/job.ts'
import type { MessageRecord } from '../model/message.ts'
import type { SessionRecord } from '../model/session.ts'
import type { StreamRecord } from '../model/stream.ts'

/** A profile as one execution sees it. */
export interface RequestProfile extends ProfileServices {
  readonly sessionLoader: SessionLoader
  readonly conversationLoader: ConversationLoader
  readonly pendingDecisionLoader: PendingDecisionLoader
}

/**
 * The profiles that the caller may see, for one execution. Ids tell nothing of their profile: this is the one place
 * where it is looked for.
 */
export class ProfileLookup {
  readonly registry: ProfileRegistry
  readonly #requestProfiles = new Map<ProfileServices, RequestProfile>()
  readonly #profileBySessionId = new Map<string, Promise<RequestProfile | null>>()
  readonly #jobById = new Map<string, Promise<JobRecord | null>>()

  constructor(registry: ProfileRegistry) {
    this.registry = registry
  }

  /** The profile of this name; null when there is nothing of it: it reads as an empty one. */
  async findProfile(profile: string): Promise<RequestProfile | null> {
    const services = await this.registry.find(profile)
    return services && this.#toRequestProfile(services)
  }

  /** The profile of this name, which is about to be written to, or followed. */
  async openProfile(profile: string): Promise<RequestProfile> {
    this.clearCaches()
    return this.#toRequestProfile(await this.registry.open(profile))
  }

  /** The profile of something that is known to be in it. Throws NOT_FOUND when it was removed meanwhile. */
  async requireProfile(profile: string): Promise<RequestProfile> {
    const requestProfile = await this.findProfile(profile)
    if (!requestProfile) throw notFound('profile', profile)
    return requestProfile
  }

  /** The profile that a session is in. Throws NOT_FOUND when there is none. */
  async requireProfileOfSession(id: string): Promise<RequestProfile> {
    const cached =
      this.#profileBySessionId.get(id) ??
      this.#findFirst((scope) => scope.sessionLoader.load(id)).then((found) => found?.scope ?? null)
    this.#profileBySessionId.set(id, cached)
    const scope = await cached
    if (!scope) throw notFound('session', id)
    return scope
  }

  async findSession(id: string): Promise<SessionRecord | null> {
    return (await this.#findFirst((scope) => scope.sessionLoader.load(id)))?.value ?? null
  }

  /** By an id of its own, cnv_ and that of its root. */
  async findConversation(id: string): Promise<Conversation | null> {
    return (await this.#findFirst(({ conversationLoader }) => conversationLoader.loadById(id)))?.value ?? null
  }

  async findMessage(id: string): Promise<MessageRecord | null> {
    return (await this.#findFirst(({ chats }) => chats.messageQueries.findMessage(id)))?.value ?? null
  }

  async findStream(id: string): Promise<StreamRecord | null> {
    return (await this.#findFirst(({ chats }) => chats.findStream(id)))?.value ?? null
  }

  /** The runs of one job all ask for it. */
  async findJob(id: string): Promise<JobRecord | null> {
    const job =
      this.#jobById.get(id) ?? this.#findFirst(({ jobs }) => jobs.find(id)).then((found) => found?.value ?? null)
    this.#jobById.set(id, job)
    return job
  }

  async findJobRun(id: string): Promise<JobRunRecord | null> {
    return (await this.#findFirst(({ jobs }) => jobs.findRun(id)))?.value ?? null
  }

  async findDecision(id: string) {
    return (await this.#findFirst(({ chats }) => chats.decisions.find(id)))?.value ?? null
  }

  /** The profile in which there is something of this kind with this id, which is about to change. Throws NOT_FOUND. */
  async requireProfileOwning(kind: keyof typeof existenceChecks, id: string): Promise<RequestProfile> {
    this.clearCaches()
    const found = await this.#findFirst((scope) => existenceChecks[kind](scope, id))
    if (!found) throw notFound(kind, id)
    return found.scope
  }

  /** What was read so far is about to change: whoever asks from here on is told of what is there then. */
  clearCaches(): void {
    this.#requestProfiles.clear()
    this.#profileBySessionId.clear()
    this.#jobById.clear()
  }

  async #findFirst<T>(
    query: (scope: RequestProfile) => Promise<T | null>,
  ): Promise<{ scope: RequestProfile; value: T } | null> {
    for (const services of await this.registry.openAll()) {
      const scope = this.#toRequestProfile(services)
      const value = await query(scope)
      if (value !== null) return { scope, value }
    }
    return null
  }

  #toRequestProfile(services: ProfileServices): RequestProfile {
    let requestProfile = this.#requestProfiles.get(services)
    if (!requestProfile) {
      const sessionLoader = new SessionLoader(services.sessions)
      const conversationLoader = new ConversationLoader(services.conversations, sessionLoader)
      requestProfile = {
        ...services,
        sessionLoader,
        conversationLoader,
        pendingDecisionLoader: new PendingDecisionLoader(services.chats.decisions),
      }
      this.#requestProfiles.set(services, requestProfile)
    }
    return requestProfile
  }
}

const existenceChecks = {
  session: ({ sessions }: RequestProfile, id: string): Promise<object | null> => sessions.find(id),
  message: ({ chats }: RequestProfile, id: string): Promise<object | null> => chats.messageQueries.findMessage(id),
  stream: ({ chats }: RequestProfile, id: string): Promise<object | null> => chats.findStream(id),
  approval: ({ chats }: RequestProfile, id: string): Promise<object | null> => chats.decisions.find(id),
  clarification: ({ chats }: RequestProfile, id: string): Promise<object | null> => chats.decisions.find(id),
  job: ({ jobs }: RequestProfile, id: string): Promise<object | null> => jobs.find(id),
}
