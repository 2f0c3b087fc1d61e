const allowedVariablePattern = /^(?:HOME|LANG|LC_\w+|LOGNAME|PATH|SHELL|TERM|TMPDIR|TZ|USER|XDG_\w+)$/

/** Whether any program may see this variable: it says who and where one is, and is no key. */
export function isAllowedVariable(name: string): boolean {
  return allowedVariablePattern.test(name)
}

/** What every program gets that is started for somebody else. */
export function filterEnvironment(env: NodeJS.ProcessEnv): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) =>
      value !== undefined && isAllowedVariable(name) ? [[name, value]] : [],
    ),
  )
}
