const safe = /^(?:HOME|LANG|LC_\w+|LOGNAME|PATH|SHELL|TERM|TMPDIR|TZ|USER|XDG_\w+)$/

/** Whether any program may see this variable: it says who and where one is, and is no key. */
export function isSafe(name: string): boolean {
  return safe.test(name)
}

/** What every program gets that is started for somebody else. */
export function safeEnvironment(env: NodeJS.ProcessEnv): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) => (value !== undefined && isSafe(name) ? [[name, value]] : [])),
  )
}
