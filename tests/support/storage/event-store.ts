import type { ChatStore } from '../../../src/storage/event-store.ts'

/** How each call reaches the store. */
type Way = <T>(call: () => Promise<T>) => Promise<T>

/** A store that does some things in another way than the one behind it, which is reached as `way` has it. */
export function storeAround(store: ChatStore, instead: Partial<ChatStore>, way: Way = (call) => call()): ChatStore {
  return {
    createSession: (start) => way(() => store.createSession(start)),
    append: (write) => way(() => store.append(write)),
    removeSession: (id) => way(() => store.removeSession(id)),
    headSeq: (sessionId) => way(() => store.headSeq(sessionId)),
    events: (range) => way(() => store.events(range)),
    stream: (id) => way(() => store.stream(id)),
    streamOfKey: (key) => way(() => store.streamOfKey(key)),
    sessionOfKey: (key) => way(() => store.sessionOfKey(key)),
    activeStream: (sessionId) => way(() => store.activeStream(sessionId)),
    unfinishedStreams: () => way(() => store.unfinishedStreams()),
    replaceEvent: (event) => way(() => store.replaceEvent(event)),
    successorOf: (sessionId) => way(() => store.successorOf(sessionId)),
    unusedFiles: (hashes) => way(() => store.unusedFiles(hashes)),
    removeEvents: (sessionId, seqs) => way(() => store.removeEvents(sessionId, seqs)),
    ...instead,
  }
}
