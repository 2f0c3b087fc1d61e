import type { EventStore } from '../../../src/storage/event-store.ts'

/** How each call reaches the store. */
type CallWrapper = <T>(call: () => Promise<T>) => Promise<T>

/** Wraps a store: `overrides` replace methods, `wrapCall` wraps the calls of all other methods. */
export function wrapStore(
  store: EventStore,
  overrides: Partial<EventStore>,
  wrapCall: CallWrapper = (call) => call(),
): EventStore {
  return {
    createSession: (start) => wrapCall(() => store.createSession(start)),
    append: (write) => wrapCall(() => store.append(write)),
    appendAll: (writes) => wrapCall(() => store.appendAll(writes)),
    updateConversationSettings: (update, key) => wrapCall(() => store.updateConversationSettings(update, key)),
    deleteSessions: (ids, key) => wrapCall(() => store.deleteSessions(ids, key)),
    loadHeadSeq: (sessionId) => wrapCall(() => store.loadHeadSeq(sessionId)),
    onForeignAppend: (listener) => store.onForeignAppend(listener),
    readEvents: (range) => wrapCall(() => store.readEvents(range)),
    findStream: (id) => wrapCall(() => store.findStream(id)),
    listOwnStreamIds: (ids) => wrapCall(() => store.listOwnStreamIds(ids)),
    findStreams: (ids) => wrapCall(() => store.findStreams(ids)),
    findActiveStream: (sessionId) => wrapCall(() => store.findActiveStream(sessionId)),
    listUnfinishedStreams: () => wrapCall(() => store.listUnfinishedStreams()),
    claimOrphanedStreams: () => wrapCall(() => store.claimOrphanedStreams()),
    listUnplacedWithdrawnMessages: (id) => wrapCall(() => store.listUnplacedWithdrawnMessages(id)),
    listSteeredMessages: (ids) => wrapCall(() => store.listSteeredMessages(ids)),
    findContextCheckpoint: (id) => wrapCall(() => store.findContextCheckpoint(id)),
    findTurnMessages: (queries) => wrapCall(() => store.findTurnMessages(queries)),
    findOldestCopiesOfHermesTurns: (queries) => wrapCall(() => store.findOldestCopiesOfHermesTurns(queries)),
    listRetriedHermesTurnIds: (sessionId) => wrapCall(() => store.listRetriedHermesTurnIds(sessionId)),
    findInheritedPositions: (id, earlierIds) => wrapCall(() => store.findInheritedPositions(id, earlierIds)),
    replaceEvent: (event) => wrapCall(() => store.replaceEvent(event)),
    findOldestRetries: (placeIds) => wrapCall(() => store.findOldestRetries(placeIds)),
    findContinuation: (sessionId) => wrapCall(() => store.findContinuation(sessionId)),
    findUnreferencedBlobs: (hashes) => wrapCall(() => store.findUnreferencedBlobs(hashes)),
    deleteEvents: (sessionId, seqs) => wrapCall(() => store.deleteEvents(sessionId, seqs)),
    ...overrides,
  }
}
