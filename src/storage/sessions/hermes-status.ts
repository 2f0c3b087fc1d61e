/**
 * Whether the data of a Hermes agent can be read. DISABLED: Hermes is turned off. UNREACHABLE: the process that reads it for all
 * others is gone.
 */
export type HermesState = 'FOUND' | 'NOT_FOUND' | 'DISABLED' | 'UNREADABLE' | 'UNREACHABLE'

export interface HermesStatus {
  readonly state: HermesState
  /** What is wrong, as a sentence without paths. Null if nothing is. */
  readonly error: string | null
}
