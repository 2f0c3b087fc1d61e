// What the page of the tests in Chromium has.
import { createSegueClient } from '../../src/index.ts'
import { runSchedule } from '../schedules/run-schedule.ts'

/** The functions of the page. */
const segue = { createSegueClient, runSchedule }

export type PageFunctions = typeof segue

declare global {
  // Of the page, not of the tests.
  var segue: PageFunctions
}

globalThis.segue = segue
