/**
 * The command that resumes a session of Hermes in a terminal. Outside of the profile `default`, and where an id could be that of
 * something else, the server puts the name of the profile and an `@` before Hermes' own id.
 */
export function toHermesResumeCommand(sessionId: string): string {
  const [, profile = 'default', id = sessionId] = /^([a-z0-9][a-z0-9_-]*)@(.*)$/s.exec(sessionId) ?? []
  return ['hermes', ...(profile === 'default' ? [] : ['-p', profile]), '--resume', quote(id)].join(' ')
}

/** For a POSIX shell. */
function quote(text: string): string {
  return /^[\w.:/-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`
}
