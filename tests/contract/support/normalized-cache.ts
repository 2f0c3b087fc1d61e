import { expect } from 'vitest'

type Fields = Readonly<Record<string, unknown>>

/** The states of each type that change, in order. A state that is not listed is final. */
const stateOrder: Readonly<Record<string, { readonly field: string; readonly states: readonly string[] }>> = {
  Stream: { field: 'status', states: ['QUEUED', 'RUNNING|WAITING'] },
  Message: { field: 'status', states: ['STREAMING'] },
  ToolCall: { field: 'state', states: ['STREAMING', 'AWAITING_APPROVAL', 'RUNNING'] },
  Approval: { field: 'state', states: ['PENDING'] },
  Clarification: { field: 'state', states: ['PENDING'] },
}
const growingFields = ['lastSeq', 'headSeq', 'messageCount']

/** One record for each type and id, as the caches of Apollo, Relay and urql keep them. Fails if a record goes back. */
export class NormalizedCache {
  readonly records = new Map<string, Fields>()

  /** Stores all objects with an id in the data of a result. */
  write(value: unknown): void {
    if (Array.isArray(value)) for (const item of value) this.write(item)
    if (!isFields(value) || Array.isArray(value)) return
    const { __typename: type, id } = value
    if (typeof type === 'string' && typeof id === 'string') this.#merge(type, `${type}:${id}`, value)
    for (const field of Object.values(value)) this.write(field)
  }

  #merge(type: string, key: string, fields: Fields): void {
    const before = this.records.get(key) ?? {}
    expect(rank(type, fields), `${key} goes back`).toBeGreaterThanOrEqual(rank(type, { ...fields, ...before }))
    for (const name of growingFields) {
      const [old, next] = [before[name], fields[name]]
      if (typeof old === 'number' && typeof next === 'number')
        expect(next, `${key} ${name}`).toBeGreaterThanOrEqual(old)
    }
    this.records.set(key, { ...before, ...pickScalars(fields) })
  }
}

function rank(type: string, fields: Fields): number {
  const { field, states } = stateOrder[type] ?? { field: '', states: [] }
  const index = states.findIndex((state) => state.split('|').includes(String(fields[field])))
  return index === -1 ? states.length : index
}

/** The fields that lead to no object. */
export function pickScalars(fields: Fields): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => typeof value !== 'object' || value === null))
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null
}
