/** Whether a text is a unified diff, also one with a heading before it. */
export function isDiff(text: string): boolean {
  const beginning = text.slice(0, 4000)
  return /^(?:diff --git |--- \S.*\n\+\+\+ |@@ -\d)/m.test(beginning) && /^@@ .*@@|^[+-](?![+-])/m.test(beginning)
}
