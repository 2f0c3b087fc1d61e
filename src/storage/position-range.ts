/** Positions of messages in a session, the first and the last one included. */
export interface PositionRange {
  readonly first: number
  readonly last: number
}
