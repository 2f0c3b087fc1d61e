import fc from 'fast-check'
import { expect, test } from 'vitest'
import { maxTimestampMs } from '../../../../src/hermes/state/cell-values.ts'
import { formatResponseDocument, readOwnExecutionOwner } from '../../../support/hermes/hermes-cron.ts'
import { hermesJobId, newCronHome } from '../../../support/hermes/hermes-cron-home.ts'
import { firstPage, lastPage, newDb } from '../../../support/hermes/hermes-fixtures.ts'

/** Twelve hours around the end of summer time, so that many things happen at once and local times repeat. */
const startMs = Date.parse('2026-10-24T20:00:00Z')
const offset = fc.constantFrom('', 'Z', '+00:00', '123+02:00', '-0330', '+99:99')
const goodTime = fc
  .tuple(fc.nat(12 * 3_600_000), offset)
  .map(([ms, suffix]) => new Date(startMs + ms).toISOString().replace('Z', suffix))
const badTime = fc.constantFrom(
  ...[null, '', 'x', 7, -1.5, 1e300, '0001-01-01T00:00:00+00:00', '9999-12-31T23:59:59.999999-23:59'],
  ...['2026-02-31T25:61:61Z', Buffer.from('2026'), 9_007_199_254_740_993n],
)
const time = fc.oneof({ weight: 3, arbitrary: goodTime }, badTime)
const owner = readOwnExecutionOwner()
const ambiguousIds = ['2026-10-25_02-10-00', '20261025_021007', '5', 'c:d', 'execution-5', 'execution-c%3Ad', 'c%3Ad']
const execution = fc.record({
  id: fc.oneof(fc.uuid(), fc.constantFrom(null, '', 5, '\0', 'é', ...ambiguousIds)),
  job_id: fc.constantFrom(hermesJobId, hermesJobId, 'gone', '', null, 5, 'a:b', '..', 'x y'),
  pid: fc.constantFrom(1, 0, -5, null, 'x', 2 ** 40, owner.pid, 1.5),
  process_started_at: fc.constantFrom(owner.process_started_at, null, 'x', 3),
  status: fc.constantFrom('claimed', 'running', 'completed', 'failed', 'unknown', 'postponed', null, 4),
  ...{ claimed_at: time, started_at: time, finished_at: time, error: fc.constantFrom(null, 'no', 5, '') },
})
const output = fc.record({
  jobId: fc.constantFrom(hermesJobId, 'gone', 'only'),
  date: fc.constantFrom('2026-10-24', '2026-10-25', '0000-00-00', '9999-99-99', '2026-02-31'),
  hour: fc.integer({ min: 0, max: 9 }),
  minute: fc.constantFrom('00', '10', '99'),
})
const session = fc.record({
  jobId: fc.constantFrom(hermesJobId, 'gone', 'once'),
  stamp: fc
    .tuple(fc.nat(99), fc.constantFrom('', '', '_b:c', '_b%3Ac'))
    .map(([second, suffix]) => `20261025_0210${`${second}`.padStart(2, '0')}${suffix}`),
  started_at: fc.oneof(
    fc.nat(9000).map((after) => startMs / 1000 + after),
    fc.constantFrom('soon', -5, 1e300),
  ),
  ended_at: fc.constantFrom(null, 1, 1e300),
})

test(
  'whatever Hermes has stored, each run is listed once, on one page, and found by its id',
  { timeout: 60_000 },
  () => {
    const home = fc.record({
      executions: fc.array(execution, { maxLength: 40 }),
      outputs: fc.array(output, { maxLength: 20 }),
      sessions: fc.uniqueArray(session, { maxLength: 20, selector: ({ jobId, stamp }) => jobId + stamp }),
    })
    fc.assert(
      fc.property(home, ({ executions, outputs, sessions }) => {
        const { path, cron, reader } = newCronHome()
        const db = cron.openExecutionsDatabase()
        const insert = db.prepare(
          `INSERT OR REPLACE INTO executions VALUES (@id, @job_id, 'builtin', 'x', @pid, @process_started_at, @status,
           @claimed_at, @started_at, @finished_at, @error)`,
        )
        for (const row of executions) insert.run(row)
        db.close()
        for (const { jobId, date, hour, minute } of outputs) {
          cron.writeOutput(jobId, `${date}_0${hour}-${minute}-00`, formatResponseDocument('The larks.'))
        }
        const hermes = newDb(path)
        for (const { jobId, stamp, ...times } of sessions) hermes.addSession(`cron_${jobId}_${stamp}`, times)
        for (const job of reader.listJobs()) {
          expect(reader.findJob(job.id)).toEqual(job)
          const runs = reader.listRuns(job.id, firstPage(1000))
          const positions = runs.map(({ position }) => position)
          expect(positions).toEqual([...new Set(positions)].toSorted((a, b) => b - a))
          expect(positions.every(Number.isSafeInteger)).toBe(true)
          expect(new Set(runs.map(({ id }) => id)).size).toBe(runs.length)
          const sessionIds = runs.flatMap(({ sessionId }) => sessionId ?? [])
          expect(new Set(sessionIds).size).toBe(sessionIds.length)
          for (const run of runs) {
            expect(reader.findRun(run.id)).toEqual(run)
            for (const ms of [run.startedAt, run.finishedAt ?? 0]) {
              expect(ms).toBeGreaterThanOrEqual(0)
              expect(ms).toBeLessThanOrEqual(maxTimestampMs)
            }
          }
          expect(readAllPages((key) => reader.listRuns(job.id, firstPage(3, key)))).toEqual(runs)
          const backwards = readAllPages((key) => reader.listRuns(job.id, lastPage(3, key)).toReversed())
          expect(backwards.toReversed()).toEqual(runs)
        }
      }),
      { numRuns: 25 },
    )
  },
)

/** `loadPage`: the rows after a position, in the direction of reading. */
function readAllPages<Row extends { readonly position: number }>(loadPage: (after: number | null) => Row[]): Row[] {
  const rows: Row[] = []
  for (;;) {
    const page = loadPage(rows.at(-1)?.position ?? null)
    if (page.length === 0) return rows
    rows.push(...page)
  }
}
