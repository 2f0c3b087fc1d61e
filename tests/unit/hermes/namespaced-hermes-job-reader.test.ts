import { rmSync } from 'node:fs'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openProfileStorage } from '../../../src/services/storage/open-profile-storage.ts'
import type { ProfileStorage } from '../../../src/storage/profile-storage.ts'
import { HermesCron, newHermesJob, formatResponseDocument } from '../../support/hermes/hermes-cron.ts'
import { newTempFolder } from '../../support/server/segue.ts'
import { silentLogger } from '../../../src/lib/logger.ts'

let home: string
const open: ProfileStorage[] = []

beforeEach(() => {
  home = newTempFolder()
  const cron = new HermesCron(home)
  cron.writeCombined([newHermesJob({ id: 'birds' })])
  cron.writeOutput('birds', '2026-11-22_13-00-07', formatResponseDocument('The larks.'))
})

afterEach(async () => {
  for (const profile of open.splice(0)) await profile.close()
  rmSync(home, { recursive: true, force: true })
})

/** The jobs of a profile's Hermes agent. */
function openJobs(name: string) {
  const profile = openProfileStorage({ name, home, hermesHome: home, durable: false, log: silentLogger })
  open.push(profile)
  if (!profile.hermesJobs) throw new Error('Hermes is turned off.')
  return profile.hermesJobs
}

const all = { after: null, before: null, limit: 100, backwards: false }

test("the ids of a named profile's Hermes jobs and runs begin with the profile's name", async () => {
  const [plain] = await openJobs('default').listRuns('birds', all)
  expect(plain).toMatchObject({ jobId: 'birds', output: 'The larks.' })
  const work = openJobs('work')
  expect(work.origin).toBe('HERMES')
  const [job] = await work.listJobs()
  expect(job).toMatchObject({ id: 'work@birds', name: 'Birds', profile: 'work' })
  expect(await work.findJob('work@birds')).toEqual(job)
  const [run] = await work.listRuns('work@birds', all)
  expect(run).toEqual({
    ...plain,
    id: `work@${plain?.id}`,
    jobId: 'work@birds',
    sessionId: plain?.sessionId ? `work@${plain.sessionId}` : null,
  })
  expect(await work.findRun(`work@${plain?.id}`)).toEqual(run)
})

test('an id without the name of the profile, with another one, or with it twice is not found', async () => {
  const [run] = await openJobs('default').listRuns('birds', all)
  const work = openJobs('work')
  for (const prefix of ['', 'play@', 'work@work@', 'Work@']) {
    expect(await work.findJob(`${prefix}birds`), prefix).toBeNull()
    expect(await work.listRuns(`${prefix}birds`, all), prefix).toEqual([])
    expect(await work.findRun(`${prefix}${run?.id}`), prefix).toBeNull()
  }
})
