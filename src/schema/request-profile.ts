import type { ChatSnapshot } from '../chat/chat-snapshot.ts'
import { StreamAndMessageLoader } from '../chat/stream-and-message-loader.ts'
import { DecisionLoader } from '../chat/decisions/decision-loader.ts'
import { IdempotencyKeyLoader } from '../services/idempotency-key-loader.ts'
import type { ProfileServices } from '../services/profile-services.ts'
import { ConversationLoader } from '../sessions/conversation-loader.ts'
import { SessionLoader } from '../sessions/session-loader.ts'

/** A profile as one execution sees it: its services, and loaders that read each row at most once. Dispose of `snapshot`. */
export interface RequestProfile extends ProfileServices {
  /** Its streams and messages as of the begin of the execution. */
  readonly snapshot: ChatSnapshot
  readonly sessionLoader: SessionLoader
  readonly conversationLoader: ConversationLoader
  readonly chatLoader: StreamAndMessageLoader
  readonly decisionLoader: DecisionLoader
  readonly idempotencyKeyLoader: IdempotencyKeyLoader
}

export function createRequestProfile(services: ProfileServices): RequestProfile {
  const snapshot = services.chats.takeSnapshot()
  const sessionLoader = new SessionLoader(services.sessions)
  return {
    ...services,
    snapshot,
    sessionLoader,
    conversationLoader: new ConversationLoader(services.conversations, sessionLoader),
    chatLoader: new StreamAndMessageLoader(snapshot, services.chats.alternatives),
    decisionLoader: new DecisionLoader(services.chats.decisions),
    idempotencyKeyLoader: new IdempotencyKeyLoader(services.profile.idempotencyKeys),
  }
}
