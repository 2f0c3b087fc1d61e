import { z } from 'zod'
import type { ClockAndIds } from '../../lib/clock-and-ids.ts'
import { LogVersionConflictError } from '../../storage/errors.ts'
import type { CommandChannel } from '../../storage/installation/command-channel.ts'
import type { EventStore } from '../../storage/event-store.ts'
import type { SendMessageRequest } from '../requests/send-message-request.ts'
import type { AcceptedStream } from '../turn/new-turn.ts'
import type { CommandForwarder } from '../forwarding/command-forwarder.ts'

const startedSchema = z.object({ id: z.string(), joinedAtSeq: z.number().nullable() }).nullable()

interface StartForwarderOptions {
  readonly forwarder: CommandForwarder
  readonly store: Pick<EventStore, 'findStream'>
  /** Null where a home belongs to one process. */
  readonly commands: CommandChannel | null
  readonly runtime: Pick<ClockAndIds, 'setTimer'>
}

const pollIntervalMs = 250

/** Has messages to sessions in which another process runs a stream started there. */
export class StartForwarder {
  readonly #options: StartForwarderOptions

  constructor(options: StartForwarderOptions) {
    this.#options = options
  }

  /** Null if the message is to be started here. Throws what `ChatService.start` throws, and LogVersionConflictError if nobody knows. */
  async forward(request: SendMessageRequest): Promise<AcceptedStream | null> {
    const { sessionId, ifBusy } = request
    if (sessionId === null) return null
    if (ifBusy === 'QUEUE' || ifBusy === 'STEER') await this.#waitForCompaction(sessionId)
    const forwarded = await this.#options.forwarder.forward({ sessionId }, { name: 'start', request })
    if (!forwarded) return null
    const started = startedSchema.parse(forwarded.value)
    if (!started) throw new LogVersionConflictError(`The process that owned ${sessionId} does not any more.`)
    const { id, joinedAtSeq } = started
    const stream = await this.#options.store.findStream(id)
    if (!stream) throw new Error(`The stream ${id}, which another process has started, is not stored.`)
    return { ...stream, ...(joinedAtSeq !== null && { joinedAtSeq }) }
  }

  /** Waits while another process compacts the session: it may take longer than a forwarded command may. */
  async #waitForCompaction(sessionId: string): Promise<void> {
    const { commands, runtime } = this.#options
    for (;;) {
      const claimed = (await commands?.listForeignClaims()) ?? []
      if (!claimed.includes(sessionId)) return
      await new Promise<void>((resolve) => runtime.setTimer(pollIntervalMs, resolve))
    }
  }
}
