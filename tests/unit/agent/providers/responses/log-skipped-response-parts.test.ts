import { expect, test } from 'vitest'
import { createSkippedResponsePartLogger } from '../../../../../src/agent/providers/responses/log-skipped-response-parts.ts'
import { RecordingLogger } from '../../../../support/recording-logger.ts'

test('each kind of input that a model skips is logged once, with its first count', () => {
  const log = new RecordingLogger()
  const onSkipped = createSkippedResponsePartLogger(log, { provider: 'p', model: 'm' })
  onSkipped(new Map([['event a', 2]]))
  onSkipped(new Map([['event a', 5]]))
  onSkipped(
    new Map([
      ['event a', 1],
      ['event b', 1],
    ]),
  )
  expect(log.entries.map(({ level, fields }) => [level, fields])).toEqual([
    ['info', { provider: 'p', model: 'm', skipped: { 'event a': 2 } }],
    ['info', { provider: 'p', model: 'm', skipped: { 'event b': 1 } }],
  ])
})
