import { PendingLoader } from '../chat/decisions/pending-decision-loader.ts'
import type { Domain } from '../services/profile-services.ts'
import type { Domains } from '../services/profile-registry.ts'
import { notFound } from '../lib/errors.ts'
import { ConversationLoader } from '../sessions/conversation-loader.ts'
import type { Conversation } from '../sessions/conversation-repository.ts'
import { SessionLoader } from '../sessions/session-loader.ts'
import type { JobRecord, JobRunRecord } from '../model/job.ts'
import type { MessageRecord, SessionRecord, StreamRecord } from '../model/records.ts'

/** A profile as one execution sees it. */
export interface Scope extends Domain {
  readonly loader: SessionLoader
  readonly conversationLoader: ConversationLoader
  readonly pending: PendingLoader
}

/**
 * The profiles that the caller may see, for one execution. Ids tell nothing of their profile: this is the one place
 * where it is looked for.
 */
export class Scopes {
  readonly domains: Domains
  readonly #scopes = new Map<Domain, Scope>()
  readonly #ofSessions = new Map<string, Promise<Scope | null>>()
  readonly #jobs = new Map<string, Promise<JobRecord | null>>()

  constructor(domains: Domains) {
    this.domains = domains
  }

  /** The profile of this name; null when there is nothing of it: it reads as an empty one. */
  async of(profile: string): Promise<Scope | null> {
    const domain = await this.domains.find(profile)
    return domain && this.#scope(domain)
  }

  /** The profile of this name, which is about to be written to, or followed. */
  async make(profile: string): Promise<Scope> {
    this.forget()
    return this.#scope(await this.domains.make(profile))
  }

  /** The profile of something that is known to be in it. Throws NOT_FOUND when it was removed meanwhile. */
  async in(profile: string): Promise<Scope> {
    const scope = await this.of(profile)
    if (!scope) throw notFound('profile', profile)
    return scope
  }

  /** The profile that a session is in. Throws NOT_FOUND when there is none. */
  async ofSession(id: string): Promise<Scope> {
    const known =
      this.#ofSessions.get(id) ?? this.#first((scope) => scope.loader.load(id)).then((found) => found?.scope ?? null)
    this.#ofSessions.set(id, known)
    const scope = await known
    if (!scope) throw notFound('session', id)
    return scope
  }

  async session(id: string): Promise<SessionRecord | null> {
    return (await this.#first((scope) => scope.loader.load(id)))?.value ?? null
  }

  /** By an id of its own, cnv_ and that of its root. */
  async conversation(id: string): Promise<Conversation | null> {
    return (await this.#first(({ conversationLoader }) => conversationLoader.byId(id)))?.value ?? null
  }

  async message(id: string): Promise<MessageRecord | null> {
    return (await this.#first(({ chats }) => chats.transcripts.message(id)))?.value ?? null
  }

  async stream(id: string): Promise<StreamRecord | null> {
    return (await this.#first(({ chats }) => chats.stream(id)))?.value ?? null
  }

  /** The runs of one job all ask for it. */
  async job(id: string): Promise<JobRecord | null> {
    const job = this.#jobs.get(id) ?? this.#first(({ jobs }) => jobs.find(id)).then((found) => found?.value ?? null)
    this.#jobs.set(id, job)
    return job
  }

  async jobRun(id: string): Promise<JobRunRecord | null> {
    return (await this.#first(({ jobs }) => jobs.findRun(id)))?.value ?? null
  }

  async decision(id: string) {
    return (await this.#first(({ chats }) => chats.decisions.find(id)))?.value ?? null
  }

  /** The profile in which there is something of this kind with this id, which is about to change. Throws NOT_FOUND. */
  async having(what: keyof typeof probes, id: string): Promise<Scope> {
    this.forget()
    const found = await this.#first((scope) => probes[what](scope, id))
    if (!found) throw notFound(what, id)
    return found.scope
  }

  /** What was read so far is about to change: whoever asks from here on is told of what is there then. */
  forget(): void {
    this.#scopes.clear()
    this.#ofSessions.clear()
    this.#jobs.clear()
  }

  async #first<T>(look: (scope: Scope) => Promise<T | null>): Promise<{ scope: Scope; value: T } | null> {
    for (const domain of await this.domains.all()) {
      const scope = this.#scope(domain)
      const value = await look(scope)
      if (value !== null) return { scope, value }
    }
    return null
  }

  #scope(domain: Domain): Scope {
    let scope = this.#scopes.get(domain)
    if (!scope) {
      const loader = new SessionLoader(domain.sessions)
      const conversationLoader = new ConversationLoader(domain.conversations, loader)
      scope = { ...domain, loader, conversationLoader, pending: new PendingLoader(domain.chats.decisions) }
      this.#scopes.set(domain, scope)
    }
    return scope
  }
}

const probes = {
  session: ({ sessions }: Scope, id: string): Promise<object | null> => sessions.find(id),
  message: ({ chats }: Scope, id: string): Promise<object | null> => chats.transcripts.message(id),
  stream: ({ chats }: Scope, id: string): Promise<object | null> => chats.stream(id),
  approval: ({ chats }: Scope, id: string): Promise<object | null> => chats.decisions.find(id),
  clarification: ({ chats }: Scope, id: string): Promise<object | null> => chats.decisions.find(id),
  job: ({ jobs }: Scope, id: string): Promise<object | null> => jobs.find(id),
}
