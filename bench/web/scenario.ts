import type { BenchServers } from './bench-servers.ts'

/** Something that is measured, of the app and, where it makes sense, of the empty page. */
export interface FigureDefinition {
  readonly name: string
  readonly unit: 'ms' | 'elements' | 'tasks' | 'frames' | 'requests' | 'rows' | 'shift'
  /** How the rounds become one figure. */
  readonly summary: 'median' | 'maximum'
  /** What the figure of the app should be at most. */
  readonly aim?: number
}

export type Figures = Readonly<Record<string, number>>

export interface Scenario {
  /** What it is called on the command line. */
  readonly name: string
  readonly title: string
  /** In the order of the table. */
  readonly figures: readonly FigureDefinition[]
  measureApp(servers: BenchServers, options: ScenarioOptions): Promise<Figures>
  measureEmptyPage(servers: BenchServers, options: ScenarioOptions): Promise<Figures>
}

export interface ScenarioOptions {
  /** How long answers stream. */
  readonly seconds: number
}
