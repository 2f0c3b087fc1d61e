/** How long to wait for what has to happen, in milliseconds: long, because a slow machine is no fault. */
export const waitLimitMs = 30_000

/**
 * What all configurations of Vitest share. Times are in milliseconds; tests that need more say so.
 *
 * `retry`: how often a test that has failed is tried again: never, unless `.ci/run` sets it. There, many tests share a slow
 * machine, and what is tried again is shown as such. Properties are not, because other random values would hide what was found.
 */
export const limits = {
  testTimeout: 60_000,
  hookTimeout: 120_000,
  expect: { poll: { timeout: waitLimitMs } },
  retry: { count: Number(process.env['TEST_RETRIES'] ?? 0), condition: /^(?!Property failed)/ },
}
