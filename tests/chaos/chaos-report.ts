/** What happened in a chaos run in which every guarantee held. */
export interface ChaosReport {
  readonly streams: number
  readonly readers: number
  readonly connections: number
  readonly kills: number
  readonly continued: number
  readonly summaries: number
  readonly cancels: number
  /** Answered by two requests at the same moment. */
  readonly decisions: number
  readonly outcomes: Readonly<Record<string, number>>
  /** How long cancels took. */
  readonly cancelMs: { readonly max: number; readonly p99: number }
}
