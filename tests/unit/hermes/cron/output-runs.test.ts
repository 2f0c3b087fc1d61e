import { chmodSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { HermesSessionReader } from '../../../../src/hermes/hermes-session-reader.ts'
import type { JobRunRecord } from '../../../../src/model/job.ts'
import type { PageRequest } from '../../../../src/lib/pagination.ts'
import {
  formatErrorDocument,
  HermesCron,
  newHermesJob,
  formatResponseDocument,
} from '../../../support/hermes/hermes-cron.ts'
import { firstPage, lastPage, newDb, newStatePath, newReader } from '../../../support/hermes/hermes-fixtures.ts'
import { RecordingLogger } from '../../../support/recording-logger.ts'

const jobId = 'a1b2c3d4e5f6'

/** A home of Hermes with one job, in the time zone of Stockholm: UTC+1 in November. */
function newHome() {
  const path = newStatePath()
  const cron = new HermesCron(dirname(path))
  cron.writeCombined([newHermesJob()])
  writeFileSync(join(dirname(path), 'config.yaml'), 'timezone: Europe/Stockholm\n')
  return { path, cron, ...newReader(path) }
}

/** The run that is read from a document. */
function readRun(document: string): JobRunRecord {
  const { cron, reader } = newHome()
  cron.writeOutput(jobId, '2026-11-22_13-00-07', document)
  const [run] = reader.listRuns(jobId, firstPage(9))
  if (!run) throw new Error('There is no run.')
  return run
}

test('a run is read from its output file', () => {
  expect(readRun(formatResponseDocument('The starlings.\n\nAnd the *cranes*.'))).toEqual({
    id: `${jobId}:2026-11-22_13-00-07`,
    jobId,
    position: 100_000_000_000_000 + Date.parse('2026-11-22T12:00:07Z') * 1000,
    trigger: 'SCHEDULE',
    status: 'OK',
    scheduledFor: null,
    startedAt: Date.parse('2026-11-22T12:00:07Z'),
    finishedAt: Date.parse('2026-11-22T12:00:07Z'),
    output: 'The starlings.\n\nAnd the *cranes*.',
    error: null,
    sessionId: null,
    usage: null,
  })
})

test.each([
  [
    'a failure',
    formatErrorDocument('TimeoutError: idle for 600s'),
    { status: 'ERROR', output: null, error: 'TimeoutError: idle for 600s' },
  ],
  [
    'a stack trace',
    formatErrorDocument('ValueError: no\n\nTraceback:\n  x'),
    { status: 'ERROR', error: 'ValueError: no\n\nTraceback:\n  x' },
  ],
  ['no response', formatResponseDocument('(No response generated)'), { status: 'OK', output: null, error: null }],
  ['a silent response', formatResponseDocument('[SILENT]'), { status: 'OK', output: '[SILENT]' }],
  [
    'a response with headings',
    formatResponseDocument('## Response\n\nAll.\n\n## Error\n\nNone.'),
    { output: '## Response\n\nAll.\n\n## Error\n\nNone.' },
  ],
  [
    'a run whose prompt contains headings',
    formatResponseDocument('The starlings.', '[SYSTEM: ## Response\n\nis below]\n\nWhich birds are back?'),
    { output: 'The starlings.' },
  ],
  [
    'a run that was blocked',
    '# Cron Job: Birds\n\n**Job ID:** x\n**Run Time:** 2026-11-22 13:00:07\n**Status:** BLOCKED (configuration)\n\nNothing was charged.\n\n**Reason:** no key\n',
    { status: 'ERROR', output: null, error: 'Nothing was charged.\n\n**Reason:** no key' },
  ],
  [
    'a script',
    '# Cron Job: Birds\n\n**Job ID:** x\n**Run Time:** 2026-11-22 13:00:07\n**Mode:** no_agent (script)\n\n---\n\n3 birds\n',
    { status: 'OK', output: '3 birds' },
  ],
  [
    'a script that failed',
    '# Cron Job: Birds\n\n**Job ID:** x\n**Mode:** no_agent (script)\n**Status:** script failed\n\nexit code 1\n',
    { status: 'ERROR', output: null, error: 'exit code 1' },
  ],
  [
    'a response that mentions a failure',
    formatResponseDocument('**Status:** BLOCKED', 'Another prompt'),
    { status: 'OK', output: '**Status:** BLOCKED' },
  ],
  ['another program', 'Just some text.\n', { status: 'OK', output: 'Just some text.' }],
  ['no content', '', { status: 'OK', output: null, error: null }],
  [
    'Windows line ends',
    formatResponseDocument('One\nTwo').replaceAll('\n', '\r\n'),
    { status: 'OK', output: 'One\nTwo' },
  ],
])('the document of %s is parsed', (_, document, expected) => {
  expect(readRun(document)).toMatchObject(expected)
})

test('runs are paged newest first, in both directions', () => {
  const { cron, reader } = newHome()
  const names = [1, 2, 3, 4, 5].map((hour) => `2026-11-2${hour}_0${hour}-00-00`)
  for (const name of names) cron.writeOutput(jobId, name, formatResponseDocument(name))
  const newest = names.toReversed()
  const page = (request: PageRequest<number>) => reader.listRuns(jobId, request).map(({ output }) => output)
  expect(page(firstPage(9))).toEqual(newest)
  expect(page(firstPage(2))).toEqual(newest.slice(0, 2))
  expect(page(firstPage(2, 20261124040000))).toEqual(newest.slice(2, 4))
  expect(page(lastPage(2))).toEqual(newest.slice(3))
  expect(page(lastPage(2, 20261122020000))).toEqual(newest.slice(1, 3))
  expect(page({ after: 20261125050000, before: 20261121010000, limit: 9, backwards: false })).toEqual(
    newest.slice(1, 4),
  )
  expect(reader.listRuns('nobody', firstPage(9))).toEqual([])
})

test('a run is found by its id, also if Hermes has removed its job', () => {
  const { cron, reader } = newHome()
  cron.writeOutput(jobId, '2026-11-22_13-00-07', formatResponseDocument('The starlings.'))
  cron.writeOutput('deleted', '2026-11-22_13-00-07', formatResponseDocument('Gone.'))
  expect(reader.findRun(`${jobId}:2026-11-22_13-00-07`)).toMatchObject({ output: 'The starlings.' })
  expect(reader.findRun('deleted:2026-11-22_13-00-07')).toMatchObject({ jobId: 'deleted', output: 'Gone.' })
  for (const id of [`${jobId}:2026-11-22_13-00-08`, 'nobody:2026-11-22_13-00-07', jobId, '', `${jobId}:7`]) {
    expect(reader.findRun(id), id).toBeNull()
  }
})

test('each run has its own session', () => {
  const { path, cron, reader } = newHome()
  const hermes = newDb(path)
  const seconds = (text: string): number => Date.parse(text) / 1000
  hermes.addSession(`cron_${jobId}_20261122_130001`, {
    source: 'cron',
    started_at: seconds('2026-11-22T12:00:01.5Z'),
    ended_at: seconds('2026-11-22T12:00:07.25Z'),
    end_reason: 'cron_complete',
  })
  hermes.addSession(`cron_${jobId}_20261122_133002`, { source: 'cron', started_at: seconds('2026-11-22T12:30:02Z') })
  // Its run has not ended, or was interrupted.
  hermes.addSession(`cron_${jobId}_20261122_143003`, { source: 'cron', started_at: seconds('2026-11-22T13:30:03Z') })
  // Of another job, whose id begins with the same text.
  hermes.addSession(`cron_${jobId}_full_20261122_140000`, { source: 'cron', started_at: 5 })
  cron.writeCombined([newHermesJob(), newHermesJob({ id: `${jobId}_full` })])
  for (const name of ['2026-11-22_13-00-07', '2026-11-22_13-30-09', '2026-11-22_14-00-05']) {
    cron.writeOutput(jobId, name, formatResponseDocument(name))
  }
  cron.writeOutput(`${jobId}_full`, '2026-11-22_14-00-01', formatResponseDocument('full'))
  expect(reader.listRuns(jobId, firstPage(9))).toMatchObject([
    { id: `${jobId}:20261122_143003`, status: 'INTERRUPTED', startedAt: Date.parse('2026-11-22T13:30:03Z') },
    { sessionId: null, startedAt: Date.parse('2026-11-22T13:00:05Z') },
    {
      sessionId: `cron_${jobId}_20261122_133002`,
      startedAt: Date.parse('2026-11-22T12:30:02Z'),
      finishedAt: Date.parse('2026-11-22T12:30:09Z'),
    },
    {
      sessionId: `cron_${jobId}_20261122_130001`,
      startedAt: Date.parse('2026-11-22T12:00:01.5Z'),
      finishedAt: Date.parse('2026-11-22T12:00:07.25Z'),
    },
  ])
  expect(reader.listRuns(`${jobId}_full`, firstPage(9))).toMatchObject([
    { output: 'full', sessionId: `cron_${jobId}_full_20261122_140000` },
  ])
  // A page of one run finds the same session.
  expect(reader.listRuns(jobId, firstPage(1, 20261122133009))).toMatchObject([
    { sessionId: `cron_${jobId}_20261122_130001` },
  ])
})

test('other files are left out, and an output file that cannot be read hides only that run', () => {
  const { cron, reader, log } = newHome()
  const good = cron.writeOutput(jobId, '2026-11-22_13-00-07', formatResponseDocument('The starlings.'))
  const folder = dirname(good)
  for (const name of ['.output_abc.tmp', 'notes.md', '2026-11-22.md', '2026-11-22_13-00-07.md.bak']) {
    writeFileSync(join(folder, name), 'x')
  }
  mkdirSync(join(folder, '2026-11-22_14-00-00.md'))
  symlinkSync(good, join(folder, '2026-11-22_15-00-00.md'))
  const huge = cron.writeOutput(jobId, '2026-11-22_16-00-00', '')
  writeFileSync(huge, Buffer.alloc(16_777_217, 'x'))
  expect(reader.listRuns(jobId, firstPage(9)).map(({ output }) => output)).toEqual(['The starlings.'])
  expect(log.filter((line) => line.startsWith('warn'))).toHaveLength(1)
})

test.skipIf(process.getuid?.() === 0)('an output file without read permission hides only that run', () => {
  const { cron, reader } = newHome()
  cron.writeOutput(jobId, '2026-11-22_13-00-07', formatResponseDocument('The starlings.'))
  chmodSync(cron.writeOutput(jobId, '2026-11-22_14-00-00', 'x'), 0o000)
  expect(reader.listRuns(jobId, firstPage(9))).toHaveLength(1)
})

test('a job whose id is a path has no runs', () => {
  const { cron, reader } = newHome()
  const ids = ['..', '../../output', `${jobId}/..`, 'a/b', 'a\\b', '.', '', 'a\0b']
  cron.writeCombined([newHermesJob(), ...ids.map((id) => newHermesJob({ id }))])
  cron.writeOutput(jobId, '2026-11-22_13-00-07', formatResponseDocument('The starlings.'))
  writeFileSync(join(cron.folder, '2026-11-22_13-00-07.md'), 'outside')
  writeFileSync(join(cron.folder, 'output', '2026-11-22_13-00-07.md'), 'outside')
  for (const id of ids) expect(reader.listRuns(id, firstPage(9)), id).toEqual([])
})

test('every method of JobReader is answered by the worker, with empty results after close', async () => {
  const { path, cron } = newHome()
  cron.writeOutput(jobId, '2026-11-22_13-00-07', formatResponseDocument('The starlings.'))
  const before = readdirSync(cron.folder, { recursive: true })
  const sessions = new HermesSessionReader({ path, profile: 'default', log: new RecordingLogger() })
  onTestFinished(() => sessions.close())
  const { jobs } = sessions
  expect(jobs.origin).toBe('HERMES')
  expect(await jobs.listJobs()).toMatchObject([{ id: jobId, origin: 'HERMES', name: 'Birds' }])
  expect(await jobs.findJob(jobId)).toMatchObject({ id: jobId })
  const [run] = await jobs.listRuns(jobId, firstPage(9))
  expect(run).toMatchObject({ output: 'The starlings.' })
  expect(await jobs.findRun(run?.id ?? '')).toEqual(run)
  expect(readdirSync(cron.folder, { recursive: true })).toEqual(before)
  await sessions.close()
  expect([
    await jobs.listJobs(),
    await jobs.findJob(jobId),
    await jobs.listRuns(jobId, firstPage(9)),
    await jobs.findRun('x'),
  ]).toEqual([[], null, [], null])
})
