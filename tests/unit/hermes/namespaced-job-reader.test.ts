import { rmSync } from 'node:fs'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openProfile, type Profile } from '../../../src/services/profile-stores.ts'
import { HermesCron, hermesJob, responseDocument } from '../../support/hermes/hermes-cron.ts'
import { newFolder } from '../../support/server/segue.ts'

let home: string
const open: Profile[] = []

beforeEach(() => {
  home = newFolder()
  const cron = new HermesCron(home)
  cron.combined([hermesJob({ id: 'birds' })])
  cron.output('birds', '2026-11-22_13-00-07', responseDocument('The larks.'))
})

afterEach(async () => {
  for (const profile of open.splice(0)) await profile.close()
  rmSync(home, { recursive: true, force: true })
})

/** The jobs of the Hermes agent of a profile. */
function jobsOf(name: string) {
  const log = { warn: () => undefined, info: () => undefined }
  const profile = openProfile({ name, home, hermesHome: home, durable: false, log })
  open.push(profile)
  if (!profile.hermesJobs) throw new Error('Hermes is turned off')
  return profile.hermesJobs
}

const all = { after: null, before: null, limit: 100, backwards: false }

test("the ids of a named profile's Hermes jobs begin with its name: of jobs, of runs, and what these name", async () => {
  const [plain] = await jobsOf('default').runPage('birds', all)
  expect(plain).toMatchObject({ jobId: 'birds', output: 'The larks.' })
  const work = jobsOf('work')
  expect(work.origin).toBe('HERMES')
  const [job] = await work.jobs()
  expect(job).toMatchObject({ id: 'work@birds', name: 'Birds', profile: 'work' })
  expect(await work.job('work@birds')).toEqual(job)
  const [run] = await work.runPage('work@birds', all)
  expect(run).toEqual({
    ...plain,
    id: `work@${plain?.id}`,
    jobId: 'work@birds',
    sessionId: plain?.sessionId ? `work@${plain.sessionId}` : null,
  })
  expect(await work.run(`work@${plain?.id}`)).toEqual(run)
})

test('they are nothing without it, with another one, or with it twice', async () => {
  const [run] = await jobsOf('default').runPage('birds', all)
  const work = jobsOf('work')
  for (const prefix of ['', 'play@', 'work@work@', 'Work@']) {
    expect(await work.job(`${prefix}birds`), prefix).toBeNull()
    expect(await work.runPage(`${prefix}birds`, all), prefix).toEqual([])
    expect(await work.run(`${prefix}${run?.id}`), prefix).toBeNull()
  }
})
