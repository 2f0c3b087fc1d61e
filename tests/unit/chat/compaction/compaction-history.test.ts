import { describe, expect, test } from 'vitest'
import { CompactionHistory } from '../../../../src/chat/compaction/compaction-history.ts'

describe('the history of compactions', () => {
  const inVain = { tokensBefore: 1_000, tokensAfter: 990 }

  test('stops a session after two in a row that save next to nothing, until its context has grown by a quarter', () => {
    const history = new CompactionHistory()
    expect(history.isFutile('a', 1_000)).toBe(false)
    history.add('a', inVain)
    expect(history.isFutile('a', 1_000)).toBe(false)
    history.add('a', { tokensBefore: 1_000, tokensAfter: 1_200 })
    expect(history.isFutile('a', 1_000)).toBe(true)
    expect(history.isFutile('a', 1_250)).toBe(true)
    expect(history.isFutile('a', 1_251)).toBe(false)
    expect(history.isFutile('b', 1_000)).toBe(false)
  })

  test('begins again after one that saves something', () => {
    const history = new CompactionHistory()
    history.add('a', inVain)
    history.add('a', { tokensBefore: 1_000, tokensAfter: 500 })
    history.add('a', inVain)
    expect(history.isFutile('a', 1_000)).toBe(false)
  })

  test('goes on in the session that continues it', () => {
    const history = new CompactionHistory()
    history.add('a', inVain)
    history.continueIn('a', 'b')
    history.add('b', inVain)
    expect(history.isFutile('b', 1_000)).toBe(true)
    history.continueIn('b', 'c')
    expect(history.isFutile('c', 1_000)).toBe(true)
    expect(history.isFutile('b', 1_000)).toBe(false)
  })

  test('remembers a compaction for what the provider reported until it reports less, also in a continuation', () => {
    const history = new CompactionHistory()
    expect(history.isFutileForReportedSize('a')).toBe(false)
    history.addForReportedSize('a')
    history.continueIn('a', 'b')
    expect(['a', 'b', 'c'].map((id) => history.isFutileForReportedSize(id))).toEqual([false, true, false])
    // Another reason to compact it is no smaller request.
    history.add('b', { tokensBefore: 1_000, tokensAfter: 500 })
    expect(history.isFutileForReportedSize('b')).toBe(true)
    history.addFittingReportedSize('b')
    expect(history.isFutileForReportedSize('b')).toBe(false)
  })

  test('tells whether the context is shorter', () => {
    const history = new CompactionHistory()
    expect(history.add('a', inVain)).toBe(true)
    expect(history.add('a', { tokensBefore: 100, tokensAfter: 100 })).toBe(false)
  })
})
