/** Whether the data of a Hermes agent can be read. DISABLED: Hermes is turned off. */
export type HermesState = 'FOUND' | 'NOT_FOUND' | 'DISABLED' | 'UNREADABLE'

export interface HermesStatus {
  readonly state: HermesState
  /** What is wrong, as a sentence without paths. Null if nothing is. */
  readonly error: string | null
}
