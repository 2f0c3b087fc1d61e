import { setTimeout as delay } from 'node:timers/promises'
import { KeyedMutex } from '../lib/async/keyed-mutex.ts'
import { SegueError } from '../lib/errors.ts'
import { parseIdKind } from '../lib/ids.ts'
import {
  type IdempotencyKey,
  type IdempotencyKeyRecord,
  type IdempotencyKeyStore,
  type RememberedMutationResult,
  createCompletedIdempotencyKeyRecord,
} from '../storage/idempotency-key.ts'

/** A call that has a key. */
export interface KeyedMutationCall {
  readonly key: string
  /** Equal for repetitions of the call, and only for these. */
  readonly fingerprint: string
  /** Computes the fingerprint that version 0.1 stored for the call. Null if it stored none. */
  readonly computeLegacyFingerprint: (() => string) | null
}

/** What a call is given while it runs for the first time. */
export interface FirstExecutionContext {
  /** To be stored together with what the call writes. Null if the call has no key. */
  readonly key: IdempotencyKey | null
  /** An earlier process died between the transactions of this call: what is done already must not be an error. */
  readonly isResumed: boolean
  /**
   * Stores the key of a call that takes several transactions, none of which can hold it. To be called before the first
   * of them, when nothing is left that could refuse the call.
   */
  begin(): Promise<void>
}

/** How a call is made, and made again. */
export interface IdempotentExecution<Result> {
  readonly execute: (execution: FirstExecutionContext) => Promise<Result>
  /** What the key has to remember of the result. */
  readonly remember: (result: Result) => RememberedMutationResult
  /** The result of a repetition: the same ids and outcome, and objects as they are now. Throws NOT_FOUND. */
  readonly reload: (remembered: IdempotencyKeyRecord) => Promise<Result>
}

export interface IdempotentCallsOptions {
  /** In epoch milliseconds. Default: the clock of the system. */
  readonly now?: () => number
  /**
   * How long a call of several transactions waits for another process that has begun it and not ended it, in milliseconds. Then
   * that one counts as dead. Default: 0, for a storage that one process uses.
   */
  readonly foreignTimeoutMs?: number
}

/** How often a call looks whether another process has ended it. */
const pollIntervalMs = 50

/** How long a key is kept at least, whatever becomes of the things that its call created. */
const minRetentionMs = 86_400_000 // a day
const pruneIntervalMs = 3_600_000 // an hour

/** Makes calls with the same key in one profile have one effect, however often and whenever they are repeated. */
export class IdempotentCalls {
  readonly #store: IdempotencyKeyStore
  readonly #now: () => number
  readonly #foreignTimeoutMs: number
  readonly #mutex = new KeyedMutex()
  /** The fingerprints of the calls that run, or wait to run, by key. */
  readonly #running = new Map<string, { readonly fingerprint: string; count: number }>()

  constructor(store: IdempotencyKeyStore, { now = Date.now, foreignTimeoutMs = 0 }: IdempotentCallsOptions = {}) {
    this.#store = store
    this.#now = now
    this.#foreignTimeoutMs = foreignTimeoutMs
  }

  /**
   * Executes a call, or returns the result of its first execution. A repetition waits for an execution that runs. A call
   * that throws keeps no key. Throws IDEMPOTENCY_MISMATCH if another call has the key, and what the execution throws.
   */
  async run<Result>(call: KeyedMutationCall | null, execution: IdempotentExecution<Result>): Promise<Result> {
    if (!call) return execution.execute({ key: null, isResumed: false, begin: async () => undefined })
    const stored = await this.#find(call)
    if (stored && !stored.isPending) return execution.reload(stored)
    return this.#runAlone(call, () => this.#reloadOrExecute(call, execution))
  }

  /** The record of an earlier execution of the call. Null if there is none, or if another call has the key. */
  async findExecution(call: KeyedMutationCall): Promise<IdempotencyKeyRecord | null> {
    const stored = await this.#store.find(call.key)
    return stored && isSameCall(stored, call) ? stored : null
  }

  /** Lets the keys of the call that created something be pruned, because it was deleted. */
  releaseCreated(createdId: string): Promise<void> {
    return this.#store.releaseCreated(createdId)
  }

  /**
   * Deletes the keys that need not be kept any more: now, and every hour until the returned function is called. That
   * resolves when nothing is being deleted.
   */
  startPruning(onError: (error: unknown) => void): () => Promise<void> {
    let pruned: Promise<void> = Promise.resolve()
    const prune = (): void => {
      pruned = pruned.then(() => this.#store.prune(this.#now() - minRetentionMs)).catch(onError)
    }
    prune()
    const timer = setInterval(prune, pruneIntervalMs).unref()
    return () => {
      clearInterval(timer)
      return pruned
    }
  }

  /** Runs a task after those of the same call. Throws IDEMPOTENCY_MISMATCH at once if a task of another call has the key. */
  async #runAlone<Result>({ key, fingerprint }: KeyedMutationCall, task: () => Promise<Result>): Promise<Result> {
    const running = this.#running.get(key) ?? { fingerprint, count: 0 }
    if (running.fingerprint !== fingerprint) throw createMismatchError(null)
    this.#running.set(key, running)
    running.count += 1
    try {
      return await this.#mutex.run(key, task)
    } finally {
      running.count -= 1
      if (running.count === 0) this.#running.delete(key)
    }
  }

  async #reloadOrExecute<Result>(call: KeyedMutationCall, execution: IdempotentExecution<Result>): Promise<Result> {
    const stored = await this.#waitForForeign(call)
    if (stored && !stored.isPending) return execution.reload(stored)
    try {
      return await this.#execute(call, execution, stored)
    } catch (error) {
      if (error instanceof BegunElsewhereError) return this.#reloadOrExecute(call, execution)
      throw error
    }
  }

  /** The stored key of the call, once no other process executes it. */
  async #waitForForeign(call: KeyedMutationCall): Promise<IdempotencyKeyRecord | null> {
    const deadline = performance.now() + this.#foreignTimeoutMs
    for (;;) {
      const stored = await this.#find(call)
      if (!stored?.isPending || performance.now() >= deadline) return stored
      await delay(pollIntervalMs)
    }
  }

  /** The stored key of the call. Throws IDEMPOTENCY_MISMATCH if it is that of another call. */
  async #find(call: KeyedMutationCall): Promise<IdempotencyKeyRecord | null> {
    const stored = await this.#store.find(call.key)
    if (stored && !isSameCall(stored, call)) throw createMismatchError(stored.createdId)
    return stored
  }

  async #execute<Result>(
    call: KeyedMutationCall,
    { execute, remember, reload }: IdempotentExecution<Result>,
    interrupted: IdempotencyKeyRecord | null,
  ): Promise<Result> {
    const { key: name, fingerprint } = call
    const key: IdempotencyKey = interrupted ?? { key: name, fingerprint, createdAt: this.#now() }
    let hasBegun = interrupted !== null
    const begin = async (): Promise<void> => {
      const isBegun =
        hasBegun || (await this.#store.add({ ...createCompletedIdempotencyKeyRecord(key), isPending: true }))
      if (!isBegun) throw new BegunElsewhereError()
      hasBegun = true
    }
    let result: Result
    try {
      result = await execute({ key: hasBegun ? null : key, isResumed: hasBegun, begin })
    } catch (error) {
      if (error instanceof BegunElsewhereError) throw error
      // Another process may have executed the call at the same moment.
      const executed = await this.#find(call)
      if (executed && !executed.isPending) return reload(executed)
      if (hasBegun) await this.#store.remove(name)
      throw error
    }
    const record = createCompletedIdempotencyKeyRecord(key, remember(result))
    const stored = await this.#store.find(name)
    // The call has taken several transactions, or had nothing to write.
    if (!stored || stored.isPending) await this.#store.put(record)
    // An earlier execution, whose client was told that it takes too long, or one of another process was committed meanwhile.
    else if (stored.createdAt !== key.createdAt || stored.outcome !== record.outcome) return reload(stored)
    return result
  }
}

/** Another process has begun the call since its key was looked up. */
class BegunElsewhereError extends Error {}

function isSameCall(
  stored: IdempotencyKeyRecord,
  { fingerprint, computeLegacyFingerprint }: KeyedMutationCall,
): boolean {
  return stored.fingerprint === fingerprint || stored.fingerprint === computeLegacyFingerprint?.()
}

function createMismatchError(createdId: string | null): SegueError {
  const message = 'This key was used for a different request. Use a new key.'
  const isStream = createdId !== null && parseIdKind(createdId) === 'stream'
  return new SegueError('IDEMPOTENCY_MISMATCH', message, isStream ? { streamId: createdId } : {})
}
