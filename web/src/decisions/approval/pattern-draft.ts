import type { Json, JsonObject } from 'segue-client'
import type { DecisionDraft } from '../draft/decision-drafts.ts'
import { formatArgument } from '../arguments/tool-arguments.ts'

/** The names of the fields of a draft that a pattern has. */
export const patternDraft = {
  mode: 'pattern',
  isNamed: (name: string) => `pattern.named:${name}`,
  text: (name: string) => `pattern:${name}`,
}

/** An argument that a pattern may name. */
export interface PatternRow {
  readonly name: string
  readonly isNamed: boolean
  /** `*` stands for any text. Only texts can be changed: everything else is compared as a whole. */
  readonly text: string
  readonly isText: boolean
}

export interface PatternState {
  /** Only calls with some arguments are allowed. */
  readonly isNarrow: boolean
  readonly rows: readonly PatternRow[]
  /** To send. Null: any arguments. */
  readonly pattern: JsonObject | null
  /** It is to be narrow, but names nothing. */
  readonly isEmpty: boolean
}

/** The pattern that was chosen for calls like one with these arguments. */
export function readPattern(values: JsonObject, draft: DecisionDraft): PatternState {
  const isNarrow = draft[patternDraft.mode] === 'some'
  const rows = Object.entries(values).map(([name, value], index): PatternRow => {
    const isText = typeof value === 'string'
    const named = draft[patternDraft.isNamed(name)]
    const text = (isText ? draft[patternDraft.text(name)] : null) ?? formatArgument(value)
    return { name, isText, text, isNamed: named === undefined ? index === 0 : named === 'true' }
  })
  const named = rows.filter((row) => row.isNamed)
  const entries = named.map((row): [string, Json] => [row.name, row.isText ? row.text : (values[row.name] ?? null)])
  const pattern = isNarrow && entries.length > 0 ? Object.fromEntries(entries) : null
  return { isNarrow, rows, pattern, isEmpty: isNarrow && pattern === null }
}
