import { GraphQLError } from 'graphql'
import { expect, test, vi } from 'vitest'
import { turnScheduler } from '../../../../src/lib/event-loop/turn-scheduler.ts'
import { encodeJsonInSteps, isSmallJson } from '../../../../src/lib/json-output/encode-json-in-steps.ts'

const rows = (count: number) =>
  Array.from({ length: count }, (_, index) => ({ id: `${index}`, text: 'ö'.repeat(100), none: undefined, list: [] }))

test.for([
  ['nothing', null],
  ['a text', 'x'.repeat(300_000)],
  ['a text of escapes and pairs of surrogates', '"\ud83d\ude00'.repeat(100_001)],
  ['a text of lone surrogates', 'x\ud83d'.repeat(150_001)],
  ['a list', rows(5000)],
  ['objects without a prototype', Object.assign(Object.create(null), { rows: rows(5000), missing: undefined })],
  ['errors', { data: rows(5000), errors: [new GraphQLError('Wrong.', { extensions: { code: 'INTERNAL' } })] }],
  ['an empty object and an empty list', { a: {}, b: [], c: rows(3000) }],
] as const)('writes %s as JSON.stringify does', async ([, value]) => {
  expect(Buffer.concat(await Array.fromAsync(encodeJsonInSteps(value))).toString()).toBe(JSON.stringify(value))
})

test('yields after each piece while the turn of the event loop is used up', async () => {
  const mustWait = vi.spyOn(turnScheduler, 'mustWait').mockReturnValue(true)
  const wait = vi.spyOn(turnScheduler, 'wait')
  const pieces = await Array.fromAsync(encodeJsonInSteps(rows(10_000)))
  expect(pieces.length).toBeGreaterThan(10)
  expect(Math.max(...pieces.map(({ byteLength }) => byteLength))).toBeLessThan(3 * 65_536)
  expect(wait.mock.calls.length).toBeGreaterThanOrEqual(pieces.length - 1)
  mustWait.mockRestore()
  wait.mockRestore()
})

test('a value with few nodes and little text is small', () => {
  expect(isSmallJson(rows(100))).toBe(true)
  expect(isSmallJson(rows(20_000))).toBe(false)
  expect(isSmallJson('x'.repeat(300_000))).toBe(false)
})
