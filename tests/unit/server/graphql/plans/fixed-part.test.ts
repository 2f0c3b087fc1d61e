import { buildSchema, parse, validateExecutionArgs } from 'graphql'
import { expect, test } from 'vitest'
import { findFixedPart } from '../../../../../src/server/graphql/plans/fixed-part.ts'
import { OperationPlan, type SelectionPlan } from '../../../../../src/server/graphql/plans/operation-plan.ts'
import { markAsUnchanging } from '../../../../../src/lib/lists/unchanging-objects.ts'

const schema = buildSchema('type Query { title: String! size: Int note: String list: [String] }')

function planSelection(query: string): SelectionPlan {
  const args = validateExecutionArgs({ schema, document: parse(query) })
  const type = schema.getQueryType()
  if (!('schema' in args) || !type) throw new Error('The query is not valid.')
  return new OperationPlan(args, type).root
}

/** Counts how often its title is read. */
function newRow(values: Readonly<Record<string, unknown>>) {
  const reads = { count: 0 }
  const row = {
    ...values,
    get title() {
      reads.count += 1
      return values['title']
    },
  }
  return { row, reads }
}

const selection = planSelection('{ title list size note }')
const fullRow = { title: 'Seals', size: 3, note: null, list: ['a'] }

test('the properties of a row that never changes are completed once for a selection', () => {
  const { row, reads } = newRow(fullRow)
  markAsUnchanging(row)
  const part = findFixedPart(selection, row)
  expect(part).toMatchObject({ values: { title: 'Seals', size: 3, note: null, list: null }, textLength: 5 })
  expect(Object.keys(part?.values ?? {})).toEqual(['title', 'list', 'size', 'note'])
  expect(findFixedPart(selection, row)).toBe(part)
  expect(reads.count).toBe(1)
})

test('another selection replaces what is kept of a row', () => {
  const { row, reads } = newRow(fullRow)
  markAsUnchanging(row)
  const other = planSelection('{ heading: title size note }')
  for (const each of [selection, other, other, selection]) expect(findFixedPart(each, row)?.selection).toBe(each)
  expect(reads.count).toBe(3)
})

test.each([
  ['may change', fullRow, false],
  ['lacks a value that is required', { ...fullRow, title: null }, true],
  ['has a method', { ...fullRow, title: () => 'Seals' }, true],
])('nothing is kept of a row that %s', (_, values, isMarked) => {
  const { row } = newRow(values)
  if (isMarked) markAsUnchanging(row)
  expect(findFixedPart(selection, row)).toBeNull()
})

test('a selection of few properties is completed each time', () => {
  const { row } = newRow(fullRow)
  markAsUnchanging(row)
  expect(findFixedPart(planSelection('{ title size }'), row)).toBeNull()
})
