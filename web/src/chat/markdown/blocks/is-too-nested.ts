// Parsers and renderers of Markdown call themselves for each level, and take ever longer: thousands of levels would break
// the page. Nobody writes as many as these.
const tooManyMarkers = /^(?:[ \t]*(?:>|(?:[-+*]|\d{1,9}[.)])(?=[ \t]))){40}/m
const tooDeepLine = /^(?: {200}|\t{50})[ \t]*\S/m
const tooManyDelimiters = /[*_~]{300}/

/** Whether a block of Markdown is nested so deeply that it is shown as it is written. */
export function isTooNested(source: string): boolean {
  return tooManyMarkers.test(source) || tooDeepLine.test(source) || tooManyDelimiters.test(source)
}
