import { expect, test } from 'vitest'
import { LocalTimeResolver } from '../../../../src/hermes/cron/runs/local-time-resolver.ts'
import { listInstantsOfLocalTime, localTimeToInstant } from '../../../../src/lib/time-zone.ts'

test.each(['Europe/Stockholm', 'Australia/Lord_Howe', 'Pacific/Apia', 'America/St_Johns', 'Pacific/Kiritimati', 'UTC'])(
  'the local times of %s have the same instants as those that are looked up one by one',
  (timezone) => {
    const resolver = new LocalTimeResolver(timezone)
    // Apia skipped 30 December 2011.
    for (const start of [
      '2011-12-28',
      '2026-03-28',
      '2026-04-03',
      '2026-09-26',
      '2026-10-03',
      '2026-10-24',
      '2026-11-01',
    ]) {
      for (let minutes = 0; minutes < 3 * 24 * 60; minutes += 15) {
        const localTime = Date.parse(`${start}T00:00:00Z`) + minutes * 60_000
        const expected = listInstantsOfLocalTime(localTime, timezone)
        expect(resolver.listInstants(localTime)).toEqual(
          expected.length > 0 ? expected : [localTimeToInstant(localTime, timezone)],
        )
      }
    }
  },
)
