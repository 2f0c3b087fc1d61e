import { z } from 'zod'
import type { EventStore } from '../../storage/event-store.ts'
import type { SendMessageRequest } from '../requests/send-message-request.ts'
import type { AcceptedStream } from '../turn/new-turn.ts'
import type { CommandForwarder } from '../forwarding/command-forwarder.ts'

const startedSchema = z.object({ id: z.string(), joinedAtSeq: z.number().nullable() })

/** Has messages to sessions in which another process runs a stream started there. */
export class StartForwarder {
  readonly #forwarder: CommandForwarder
  readonly #store: Pick<EventStore, 'findStream'>

  constructor(forwarder: CommandForwarder, store: Pick<EventStore, 'findStream'>) {
    this.#forwarder = forwarder
    this.#store = store
  }

  /** Null if the message is to be started here. Throws what `ChatService.start` throws. */
  async forward(request: SendMessageRequest): Promise<AcceptedStream | null> {
    const { sessionId } = request
    if (sessionId === null) return null
    const forwarded = await this.#forwarder.forward({ sessionId }, { name: 'start', request })
    if (!forwarded) return null
    const { id, joinedAtSeq } = startedSchema.parse(forwarded.value)
    const stream = await this.#store.findStream(id)
    if (!stream) throw new Error(`The stream ${id}, which another process has started, is not stored.`)
    return { ...stream, ...(joinedAtSeq !== null && { joinedAtSeq }) }
  }
}
