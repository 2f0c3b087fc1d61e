import { expect, test } from 'vitest'
import { z } from 'zod'
import { runWithLogContext } from '../../../src/lib/telemetry/log-context.ts'
import { registerSecrets } from '../../../src/lib/text/known-secrets.ts'
import { createLoggerTo } from '../../../src/observability/create-logger.ts'

const entrySchema = z.record(z.string(), z.unknown())

function recordLog(level: 'debug' | 'info' | 'warn' | 'error' = 'info') {
  const lines: string[] = []
  const log = createLoggerTo({ write: (line) => void lines.push(line) }, level)
  return { log, lines, readLast: () => entrySchema.parse(JSON.parse(lines.at(-1) ?? '')) }
}

test('an entry has the ids of what is being done, also after a wait', async () => {
  const { log, readLast } = recordLog()
  await runWithLogContext({ request: 'r1' }, async () => {
    await runWithLogContext({ session: 's1', stream: 't1' }, async () => {
      await new Promise(setImmediate)
      log.info({ profile: 'work' }, 'Hello.')
    })
  })
  expect(readLast()).toMatchObject({ request: 'r1', session: 's1', stream: 't1', profile: 'work', msg: 'Hello.' })
  log.info('Outside.')
  expect(readLast()).not.toHaveProperty('request')
})

test('entries below the level are not written', () => {
  const { log, lines } = recordLog('warn')
  log.info('no')
  log.debug('no')
  log.warn('yes')
  expect(lines).toHaveLength(1)
})

test('a known secret is in no entry, whatever it is part of', () => {
  const secret = 'k3y"with/quotes+and&signs'
  registerSecrets([secret, 'short'])
  const { log, lines, readLast } = recordLog()
  const error = new Error(`refused ${secret}`, { cause: new Error(encodeURIComponent(secret)) })
  log.warn(
    { err: error, headers: { authorization: `Basic ${Buffer.from(`me:${secret}`).toString('base64')}` } },
    secret,
  )
  expect(lines.join()).not.toContain(JSON.stringify(secret).slice(1, -1))
  expect(lines.join()).not.toContain(encodeURIComponent(secret))
  expect(readLast()).toMatchObject({ msg: '…', err: { message: expect.stringContaining('refused …') } })
  log.info('a short entry')
  expect(readLast()).toMatchObject({ msg: 'a short entry' })
})
