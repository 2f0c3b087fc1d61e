import type { StreamRecord } from '../../model/stream.ts'

/** What a command is about: a stream, or the unfinished streams of a session, or its compaction. */
export type CommandTarget = { readonly streamId: string } | { readonly sessionId: string }

/** Which part of a process executes a command: what runs its chats, or what reads Hermes. */
export type CommandService = 'chats' | 'hermes'

/** A command for a part of another process. */
export interface Command {
  readonly service: CommandService
  readonly text: string
}

/** Carries commands to the processes that run streams or read Hermes, where several processes share a storage. */
export interface CommandChannel {
  /** The process that runs the target, if it is another one that lives. Null: none does, or this process does. */
  findOwner(target: CommandTarget): Promise<number | null>
  /** The first of these sessions in which another process that lives runs a stream, or which it compacts. One read for all. */
  findForeignSession(sessionIds: readonly string[]): Promise<string | null>
  /**
   * Has a process execute a command. Resolves to its result, or to null if there is none in time: the process may be cut off,
   * or execute the command later than that.
   */
  send(owner: number, command: Command, timeoutMs: number): Promise<string | null>
  /** There is one executor for each service, of the commands that other processes send. It never rejects. */
  serve(service: CommandService, execute: (text: string) => Promise<string>): void
  /**
   * Makes this process the owner of a stream that runs, and of the queue of its session, so that the one that had them can write
   * nothing more of them. Changes nothing for one that is queued: see `StreamFence.takesOver`. Resolves to the unfinished
   * streams of the session, in order; to none if the stream has ended.
   */
  takeOver(streamId: string): Promise<StreamRecord[]>
  /**
   * Has this process compact a session: no other one starts a stream there until it releases the session, or dies. False if
   * another one runs a stream there, or compacts it.
   */
  claimSession(sessionId: string): Promise<boolean>
  releaseSession(sessionId: string): Promise<void>
  /** The ids of the sessions that other processes have claimed. */
  listForeignClaims(): Promise<string[]>
}
