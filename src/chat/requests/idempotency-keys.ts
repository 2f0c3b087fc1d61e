import { createBadInputError, SegueError } from '../../lib/errors.ts'
import { KeyedMutex } from '../../lib/async/keyed-mutex.ts'
import type { SessionRecord } from '../../model/session.ts'
import type { StreamRecord } from '../../model/stream.ts'
import type { IdempotencyKey, IdempotencyKeyReader } from '../../storage/idempotency-key.ts'

const maxKeyCodeUnits = 200 // UTF-16 code units

/** Throws BAD_USER_INPUT for what cannot be a key. `path` leads to the argument. */
export function assertValidIdempotencyKey(key: string | null, ...path: string[]): void {
  // A lone surrogate would be stored as U+FFFD, so that two different keys became equal.
  if (key !== null && (key === '' || key.length > maxKeyCodeUnits || !key.isWellFormed())) {
    throw createBadInputError(`The key is not valid. Use 1 to ${maxKeyCodeUnits} Unicode characters.`, ...path)
  }
}

/** Makes requests with the same idempotency key have one effect. A key is stored with what its first request creates. */
export class IdempotencyKeys {
  readonly #store: IdempotencyKeyReader
  readonly #mutex = new KeyedMutex()
  /** The fingerprints of the requests that run, or wait to run, by key. */
  readonly #running = new Map<string, { readonly fingerprint: string; count: number }>()

  constructor(store: IdempotencyKeyReader) {
    this.#store = store
  }

  /** The stream that an earlier request with this key started. Throws IDEMPOTENCY_MISMATCH for any other request. */
  async findStream(key: IdempotencyKey): Promise<StreamRecord | null> {
    const found = await this.#find(key)
    if (found && !found.stream) throw createMismatchError()
    return found?.stream ?? null
  }

  /** The session that an earlier request with this key created. Throws IDEMPOTENCY_MISMATCH for any other request. */
  async findSession(key: IdempotencyKey): Promise<SessionRecord | null> {
    const found = await this.#find(key)
    if (found && !found.session) throw createMismatchError(found.stream?.id)
    return found?.session ?? null
  }

  /**
   * Runs a task that creates something under a key, after earlier tasks with the same key. The task looks the key up
   * first. Throws IDEMPOTENCY_MISMATCH at once if a task of another request has the key.
   */
  async run<T>(key: IdempotencyKey | null, task: () => Promise<T>): Promise<T> {
    if (key === null) return task()
    this.#assertNotRunning(key)
    const running = this.#running.get(key.key) ?? { fingerprint: key.fingerprint, count: 0 }
    this.#running.set(key.key, running)
    running.count += 1
    try {
      return await this.#mutex.run(key.key, task)
    } finally {
      running.count -= 1
      if (running.count === 0) this.#running.delete(key.key)
    }
  }

  async #find(key: IdempotencyKey) {
    this.#assertNotRunning(key)
    const found = await this.#store.findByIdempotencyKey(key.key)
    if (found && found.fingerprint !== key.fingerprint) throw createMismatchError(found.stream?.id)
    return found
  }

  #assertNotRunning({ key, fingerprint }: IdempotencyKey): void {
    const running = this.#running.get(key)
    if (running && running.fingerprint !== fingerprint) throw createMismatchError()
  }
}

function createMismatchError(streamId?: string): SegueError {
  const message = 'This key was used for a different request. Use a new key.'
  return new SegueError('IDEMPOTENCY_MISMATCH', message, streamId === undefined ? {} : { streamId })
}
