/** The contents of a run's output file. */
export interface HermesCronOutput {
  readonly failed: boolean
  readonly output: string | null
  readonly error: string | null
}

const headings = { response: '\n## Response\n', error: '\n## Error\n' }
const noResponseText = '(No response generated)'

/**
 * Parses the document that Hermes writes for a run: a title, metadata such as `**Job ID:** …`, the prompt, and the response
 * or the error. The document of a script has neither of the last two headings: its output follows the metadata.
 */
export function parseHermesJobOutput(document: string, prompt: string): HermesCronOutput {
  const text = document.replaceAll('\r\n', '\n')
  const [title = ''] = text.split('\n', 1)
  // The prompt may contain the same headings.
  const promptIndex = prompt === '' ? -1 : text.indexOf(prompt)
  const searchStart = promptIndex < 0 ? 0 : promptIndex + prompt.length
  const response = extractSection(text, headings.response, searchStart)
  const error = extractSection(text, headings.error, searchStart)
  const [head = ''] = text.split('\n## ', 1)
  const failed = title.endsWith('(FAILED)') || /^\*\*Status:\*\* (?:BLOCKED|script failed)/m.test(head)
  if (failed) return { failed, output: null, error: stripCodeFence(error ?? response ?? stripMetadata(text)) || null }
  const output = response ?? stripMetadata(text)
  return { failed, output: output === '' || output === noResponseText ? null : output, error: null }
}

function extractSection(text: string, heading: string, from: number): string | null {
  const at = text.indexOf(heading, from)
  return at < 0 ? null : text.slice(at + heading.length).trim()
}

function stripMetadata(text: string): string {
  return text.replace(/^(?:# Cron Job: .*\n|\*\*[\w ]+:\*\* .*(?:\n|$)|[ \t]*\n|---\n)+/, '').trim()
}

function stripCodeFence(text: string): string {
  return /^```\n([^]*?)\n```$/.exec(text)?.[1] ?? text
}
