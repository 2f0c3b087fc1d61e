import { pino } from 'pino'
import { expect, test } from 'vitest'
import { type Logger, type LogLevel, silentLogger } from '../../../src/lib/logger.ts'

const levels: readonly LogLevel[] = ['debug', 'info', 'warn', 'error']

test("pino's logger is a Logger: fields become properties of the entry, and an error is written under err", () => {
  const lines: string[] = []
  const log: Logger = pino({ level: 'debug', base: null }, { write: (line: string) => void lines.push(line) })
  for (const level of levels) log[level]({ stream: 'str_1', err: new Error('broken') }, 'A stream failed.')
  expect(lines.map((line) => JSON.parse(line))).toMatchObject(
    [20, 30, 40, 50].map((level) => ({ level, stream: 'str_1', err: { message: 'broken' }, msg: 'A stream failed.' })),
  )
})

test('the silent logger accepts entries of every level', () => {
  for (const level of levels) expect(silentLogger[level]({}, 'Nobody reads this.')).toBeUndefined()
})
