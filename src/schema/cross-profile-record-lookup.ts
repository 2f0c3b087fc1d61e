import { createIdNotFoundError } from '../lib/errors.ts'
import type { MessageRecord } from '../model/message.ts'
import type { SessionRecord } from '../model/session.ts'
import type { StreamRecord } from '../model/stream.ts'
import type { ProfileServices } from '../services/profile-services.ts'
import type { ViewerProfiles } from '../services/viewer-profiles.ts'
import {
  createNodeNotFoundError,
  listPossibleNodeTypes,
  nodeFinders,
  type NodeRecords,
  type NodeType,
} from './node-finders.ts'
import { disposeAtIteratorEnd } from '../lib/async/iterables/dispose-at-iterator-end.ts'
import { createRequestProfile, type RequestProfile } from './request-profile.ts'

interface FoundNode<Type extends NodeType> {
  readonly type: Type
  readonly record: NodeRecords[Type]
  readonly services: ProfileServices
}

/** How long several executions may share what was read, in milliseconds, if nothing is known to have changed. */
const maxSharedAgeMs = 250

type NodeCaches = { [Type in NodeType]?: Map<string, Promise<FoundNode<Type> | null>> }

/** A session of which the profile is known already: one that a subscription follows. */
export interface FollowedSession {
  readonly id: string
  readonly services: ProfileServices
}

/**
 * The profiles that the caller may see, for one execution, or for several events that are delivered together. An id does
 * not say which profile it belongs to; this is the only place that searches for it. Each look-up is made once an
 * execution. Dispose of it when the execution has ended.
 */
export class CrossProfileRecordLookup implements Disposable {
  /** The profiles that exist for the caller. */
  readonly visible: ViewerProfiles
  readonly #requestProfiles = new Map<ProfileServices, RequestProfile>()
  #nodes: NodeCaches = {}
  readonly #createdAtMs = performance.now()
  #followedSession: FollowedSession | null
  #isDisposed = false

  constructor(visible: ViewerProfiles, followedSession: FollowedSession | null = null) {
    this.visible = visible
    this.#followedSession = followedSession
  }

  get followedSession(): FollowedSession | null {
    return this.#followedSession
  }

  [Symbol.dispose](): void {
    this.#isDisposed = true
    this.#disposeSnapshots()
  }

  /** Continues to use what was read after it was disposed of. False if that may have changed. */
  reopen(): boolean {
    if (performance.now() - this.#createdAtMs > maxSharedAgeMs) return false
    const isCurrent = [...this.#requestProfiles.values()].every(({ snapshot }) => snapshot.reopen())
    if (isCurrent) this.#isDisposed = false
    else this.#disposeSnapshots()
    return isCurrent
  }

  /** Remembers the profile of the session that a subscription follows, for its events. */
  rememberFollowedSession(id: string, { profile }: RequestProfile): void {
    const services = this.visible.findOpen(profile.name)
    if (services) this.#followedSession = { id, services }
  }

  /** The profile with this name. Null if it does not exist: clients see it as an empty profile. */
  async findProfile(name: string): Promise<RequestProfile | null> {
    const services = await this.visible.find(name)
    return services && this.#toRequestProfile(services)
  }

  /** The profile of a record that was read before. Throws NOT_FOUND if it was deleted in the meantime. */
  async requireProfile(name: string): Promise<RequestProfile> {
    const profile = await this.findProfile(name)
    if (!profile) throw createIdNotFoundError('profile', name)
    return profile
  }

  /**
   * Reads something of the profile of a record that was read before: at once if the profile is open, as it nearly always is.
   * Throws NOT_FOUND if it was deleted in the meantime.
   */
  readProfile<T>(name: string, read: (profile: RequestProfile) => T | Promise<T>): T | Promise<T> {
    const services = this.visible.findOpen(name)
    return services ? read(this.#toRequestProfile(services)) : this.requireProfile(name).then(read)
  }

  /** Runs `write` on the profile with this name. It need not exist: the first write creates it. */
  async withProfile<T>(name: string, write: (profile: RequestProfile) => Promise<T>): Promise<T> {
    this.clearCaches()
    using lease = await this.visible.acquire(name)
    return await write(this.#toRequestProfile(lease.services))
  }

  /** Subscribes to the profile with this name, which need not exist yet. It stays open until the subscription ends. */
  async subscribe<T>(
    name: string,
    start: (profile: ProfileServices) => AsyncIterableIterator<T>,
  ): Promise<AsyncIterableIterator<T>> {
    using resources = new DisposableStack()
    const lease = resources.use(await this.visible.acquire(name))
    const values = disposeAtIteratorEnd(start(lease.services), lease)
    resources.move()
    return values
  }

  /** The profile that a session is in. Throws NOT_FOUND. */
  async requireProfileOfSession(id: string): Promise<RequestProfile> {
    const followed = this.#followedSession
    if (followed?.id === id && this.visible.findOpen(followed.services.profile.name) === followed.services)
      return this.#toRequestProfile(followed.services)
    const found = await this.#findCached('Session', id)
    if (!found) throw createIdNotFoundError('session', id)
    return this.#toRequestProfile(found.services)
  }

  /** The session that a record refers to. Throws NOT_FOUND if it was deleted in the meantime. */
  async requireSession(id: string): Promise<SessionRecord> {
    const session = await this.find('Session', id)
    if (!session) throw createIdNotFoundError('session', id)
    return session
  }

  /** The message that a record of this session refers to. Throws NOT_FOUND if it was deleted in the meantime. */
  async requireMessage(id: string, sessionId: string): Promise<MessageRecord> {
    const message = await (await this.requireProfileOfSession(sessionId)).chatLoader.loadMessage(id)
    if (!message) throw createIdNotFoundError('message', id)
    return message
  }

  /** The stream that a record of this session refers to. Throws NOT_FOUND if it was deleted in the meantime. */
  async requireStream(id: string, sessionId: string): Promise<StreamRecord> {
    const stream = await (await this.requireProfileOfSession(sessionId)).chatLoader.loadStream(id)
    if (!stream) throw createIdNotFoundError('stream', id)
    return stream
  }

  /** The record of this type with this id, whatever its profile. */
  async find<Type extends NodeType>(type: Type, id: string): Promise<NodeRecords[Type] | null> {
    return (await this.#findCached(type, id))?.record ?? null
  }

  /** Whatever has this id, with its type. */
  async findNode(id: string): Promise<{ readonly type: NodeType; readonly record: object } | null> {
    // One after the other: where something is found, it does not matter that the rest cannot be read.
    for (const type of listPossibleNodeTypes(id)) {
      const found = await this.#findCached(type, id)
      if (found) return found
    }
    return null
  }

  /** The profile of the record of this type with this id, which is about to change. Throws NOT_FOUND. */
  async requireProfileOwning(type: NodeType, id: string): Promise<RequestProfile> {
    this.clearCaches()
    const found = await this.#findCached(type, id)
    if (!found) throw createNodeNotFoundError(type, id)
    this.clearCaches()
    return this.#toRequestProfile(found.services)
  }

  /** The profile of each of these records of one type, which are about to change; null for an unknown id. */
  async findProfilesOwning(type: NodeType, ids: readonly string[]): Promise<(RequestProfile | null)[]> {
    this.clearCaches()
    const found = await Promise.all(ids.map((id) => this.#findCached(type, id)))
    this.clearCaches()
    return found.map((node) => node && this.#toRequestProfile(node.services))
  }

  /** The first of the existing profiles that has what `isWanted` looks for. */
  async searchProfiles(isWanted: (profile: ProfileServices) => Promise<boolean>): Promise<RequestProfile | null> {
    for (const services of await this.visible.openAll())
      if (await isWanted(services)) return this.#toRequestProfile(services)
    return null
  }

  /** Forgets everything that was read. Call it before a write, so that the result shows the state after the write. */
  clearCaches(): void {
    this.#disposeSnapshots()
    this.#requestProfiles.clear()
    this.#nodes = {}
  }

  #findCached<Type extends NodeType>(type: Type, id: string): Promise<FoundNode<Type> | null> {
    const cache: NonNullable<NodeCaches[Type]> = (this.#nodes[type] ??= new Map())
    const node = cache.get(id) ?? this.#search(type, id)
    cache.set(id, node)
    return node
  }

  async #search<Type extends NodeType>(type: Type, id: string): Promise<FoundNode<Type> | null> {
    for (const services of await this.visible.openAll()) {
      const record = await nodeFinders[type](this.#toRequestProfile(services), id)
      if (record !== null) return { type, record, services }
    }
    return null
  }

  #toRequestProfile(services: ProfileServices): RequestProfile {
    let profile = this.#requestProfiles.get(services)
    if (!profile) this.#requestProfiles.set(services, (profile = createRequestProfile(services)))
    // A resolver may go on after the execution has ended with an error.
    if (this.#isDisposed) profile.snapshot[Symbol.dispose]()
    return profile
  }

  #disposeSnapshots(): void {
    for (const { snapshot } of this.#requestProfiles.values()) snapshot[Symbol.dispose]()
  }
}
