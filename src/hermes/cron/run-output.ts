/** What a run of Hermes left in its output file. */
export interface CronOutput {
  readonly failed: boolean
  readonly output: string | null
  readonly error: string | null
}

const headings = { response: '\n## Response\n', error: '\n## Error\n' }
const noResponse = '(No response generated)'

/**
 * Reads the document that Hermes writes for a run: a heading, lines such as `**Job ID:** …`, the prompt, and then the
 * response or the error. Those of scripts have neither heading: what is below the lines is their output.
 */
export function readOutput(document: string, prompt: string): CronOutput {
  const text = document.replaceAll('\r\n', '\n')
  const [title = ''] = text.split('\n', 1)
  // A prompt may have headings of its own.
  const told = prompt === '' ? -1 : text.indexOf(prompt)
  const from = told < 0 ? 0 : told + prompt.length
  const response = below(text, headings.response, from)
  const error = below(text, headings.error, from)
  const [head = ''] = text.split('\n## ', 1)
  const failed = title.endsWith('(FAILED)') || /^\*\*Status:\*\* (?:BLOCKED|script failed)/m.test(head)
  if (failed) return { failed, output: null, error: unfenced(error ?? response ?? withoutHead(text)) || null }
  const output = response ?? withoutHead(text)
  return { failed, output: output === '' || output === noResponse ? null : output, error: null }
}

function below(text: string, heading: string, from: number): string | null {
  const at = text.indexOf(heading, from)
  return at < 0 ? null : text.slice(at + heading.length).trim()
}

function withoutHead(text: string): string {
  return text.replace(/^(?:# Cron Job: .*\n|\*\*[\w ]+:\*\* .*(?:\n|$)|[ \t]*\n|---\n)+/, '').trim()
}

function unfenced(text: string): string {
  return /^```\n([^]*?)\n```$/.exec(text)?.[1] ?? text
}
