import { z } from 'zod'
import type { ChaosServers } from './chaos-servers.ts'
import { InvariantViolation } from './reader.ts'

const extensionsSchema = z.object({ code: z.string(), tipId: z.string().optional(), streamId: z.string().optional() })
const responseSchema = z.object({
  data: z.unknown(),
  errors: z.array(z.object({ message: z.string(), extensions: extensionsSchema })).optional(),
})

/** The server refused a request. `message` is the code of its error. */
export class RequestRefusedError extends Error {
  override readonly name = 'RequestRefusedError'
  /** The message of the error, for people. */
  readonly reason: string
  /** The session that continues the one that was asked. */
  readonly tipId: string | null
  /** The stream that a session is busy with. */
  readonly streamId: string | null

  constructor(reason: string, { code, tipId, streamId }: z.output<typeof extensionsSchema>) {
    super(code)
    this.reason = reason
    this.tipId = tipId ?? null
    this.streamId = streamId ?? null
  }
}

/** Sends operations to a server that may be killed at any moment. */
export class ChaosClient {
  readonly #server: ChaosServers

  constructor(server: ChaosServers) {
    this.#server = server
  }

  /** Throws `RequestRefusedError`, and any other error if the server was killed before it responded, or is unavailable. */
  async ask<T>(query: string, variables: object, schema: z.ZodType<T>): Promise<T> {
    const response = await fetch(await this.#server.url(), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query, variables }),
    })
    const { data, errors } = responseSchema.parse(await response.json())
    const refusal = errors?.[0]
    if (refusal && this.#server.unavailableCodes.includes(refusal.extensions.code)) throw new Error(refusal.message)
    if (refusal) throw new RequestRefusedError(refusal.message, refusal.extensions)
    return schema.parse(data)
  }
}

/** The continuation that a STALE error names; null for any other error. */
export function findContinuation(error: unknown): string | null {
  return error instanceof RequestRefusedError && error.message === 'STALE' ? error.tipId : null
}

/**
 * Ignores the errors of a busy session, of a limit, and of a server that is killed. Any other error is a violation. A session
 * is busy without a stream only if a client compacts it.
 */
export function ignoreRefusal(
  error: unknown,
  mayBeCompacted = false,
  codes: readonly string[] = ['SESSION_BUSY', 'RATE_LIMITED'],
): null {
  if (error instanceof InvariantViolation) throw error
  if (!(error instanceof RequestRefusedError)) return null
  if (!codes.includes(error.message)) throw new InvariantViolation(`The server responded with ${error.message}.`)
  if (error.message === 'SESSION_BUSY' && error.streamId === null && !mayBeCompacted)
    throw new InvariantViolation('A session is busy without a stream.')
  return null
}
