/** The next multiple of `step`: what is cut in coarse steps leaves equal prefixes, which providers can cache. */
export function roundUpToMultiple(value: number, step: number): number {
  return Math.ceil(value / step) * step
}
