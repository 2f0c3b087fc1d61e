import { mkdirSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { percentile } from '../support/figures.ts'
import type { FigureDefinition, Figures, Scenario } from './scenario.ts'

export interface ScenarioRounds {
  readonly scenario: Scenario
  readonly app: readonly Figures[]
  readonly emptyPage: readonly Figures[]
}

interface ReportRow {
  readonly figure: string
  readonly unit: string
  readonly summary: string
  readonly app: number
  readonly emptyPage: number
  /** Null where the empty page has nothing to compare with. */
  readonly ratio: number | null
  readonly aim: number | null
}

function summarize({ name, summary }: FigureDefinition, rounds: readonly Figures[]): number {
  const values = rounds.map((figures) => figures[name] ?? Number.NaN)
  return summary === 'median' ? percentile(values, 0.5) : Math.max(...values)
}

function toRow(definition: FigureDefinition, { app, emptyPage }: ScenarioRounds): ReportRow {
  const [ours, empty] = [summarize(definition, app), summarize(definition, emptyPage)]
  const { name, unit, summary, aim = null } = definition
  return { figure: name, unit, summary, app: ours, emptyPage: empty, ratio: empty > 0 ? ours / empty : null, aim }
}

const format = (value: number): string => value.toLocaleString('en', { maximumFractionDigits: value < 1 ? 3 : 1 })

function printRow({ figure, unit, app, emptyPage, ratio, aim }: ReportRow): void {
  const isMissed = aim !== null && app > aim
  const cells = [
    `${figure}, ${unit}`.padEnd(46),
    format(app).padStart(10),
    format(emptyPage).padStart(10),
    (ratio === null ? '' : format(ratio)).padStart(8),
    (aim === null ? '' : `≤ ${format(aim)}`).padStart(9),
    isMissed ? '  missed' : '',
  ]
  process.stdout.write(`  ${cells.join('')}\n`)
}

/** Prints a table of each scenario. */
export function printReport(measured: readonly ScenarioRounds[]): void {
  const columns = ['app'.padStart(10), 'empty page'.padStart(11), 'ratio'.padStart(7), 'aim'.padStart(9)]
  for (const rounds of measured) {
    process.stdout.write(`\n${rounds.scenario.title}\n  ${' '.repeat(46)}${columns.join('')}\n`)
    for (const definition of rounds.scenario.figures) printRow(toRow(definition, rounds))
  }
}

/** Writes the table and each round to bench/results, and returns the file. */
export function writeReport(measured: readonly ScenarioRounds[], options: object): string {
  const folder = join(import.meta.dirname, '..', 'results')
  const at = new Date().toISOString()
  const file = join(folder, `web-${at.replaceAll(':', '-')}.json`)
  const scenarios = measured.map((rounds) => ({
    name: rounds.scenario.name,
    title: rounds.scenario.title,
    table: rounds.scenario.figures.map((definition) => toRow(definition, rounds)),
    rounds: { app: rounds.app, emptyPage: rounds.emptyPage },
  }))
  const machine = { node: process.version, cpus: cpus().map(({ model }) => model) }
  mkdirSync(folder, { recursive: true })
  writeFileSync(file, `${JSON.stringify({ at, machine, options, scenarios }, null, 2)}\n`)
  return file
}
