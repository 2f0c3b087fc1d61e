import { builder } from './builder.ts'
import './enums.ts'
import './session.ts'
import './conversation.ts'
import './message.ts'
import './stream.ts'
import './profile.ts'
import './chat-event.ts'
import './session-list.ts'
import './conversation-list.ts'
import './search.ts'
import './queries.ts'
import './chat.ts'
import './decision.ts'
import './housekeeping.ts'
import './job.ts'

/** The whole of it, as `schema.graphql` has it. */
export const schema = builder.toSchema()
