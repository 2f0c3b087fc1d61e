/**
 * How often a test that has failed is tried again: never, unless `.ci/run` sets it. There, many tests share a slow machine,
 * and what is tried again is shown as such. Properties are not, because other random values would hide what was found.
 */
export const retry = {
  count: Number(process.env['TEST_RETRIES'] ?? 0),
  condition: /^(?!Property failed)/,
}
