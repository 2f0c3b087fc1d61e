import { expect, test } from 'vitest'
import { CommitPacer } from '../../../../src/chat/log/commit-pacer.ts'

const minMs = 2
const maxMs = 20

/** Commits at the pacer's own pace for a second of a simulated clock. Returns how many commits there were. */
function commitForSecond(pacer: CommitPacer, durationMs: number): number {
  let commits = 0
  for (let nowMs = 0; nowMs < 1000; nowMs += pacer.getIntervalMs(nowMs)) {
    pacer.onCommitted(durationMs, nowMs)
    commits += 1
  }
  return commits
}

test('a stream that is alone commits at once', () => {
  const pacer = new CommitPacer()
  expect(pacer.getIntervalMs(0)).toBe(minMs)
  // 50 tokens a second, each of which is committed within 0.3 ms.
  for (let nowMs = 0; nowMs < 1000; nowMs += 20) {
    expect(pacer.getIntervalMs(nowMs)).toBeLessThan(10)
    pacer.onCommitted(0.3, nowMs)
  }
})

test('under load, there are 50 commits a second at most', () => {
  expect(commitForSecond(new CommitPacer(), 10)).toBeLessThanOrEqual(52)
})

test('a slow disk slows the pace of a single stream down, and it is as before soon after', () => {
  const pacer = new CommitPacer()
  expect(commitForSecond(pacer, 30)).toBeLessThanOrEqual(52)
  expect(pacer.getIntervalMs(1000)).toBeCloseTo(maxMs, 0)
  expect(pacer.getIntervalMs(3000)).toBeCloseTo(minMs, 0)
})
