const allowedVariablePattern = /^(?:HOME|LANG|LC_\w+|LOGNAME|PATH|SHELL|TERM|TMPDIR|TZ|USER|XDG_\w+)$/

/** Whether any child process may see the variable: it describes the user or the system, and is not a secret. */
export function isInheritedVariable(name: string): boolean {
  return allowedVariablePattern.test(name)
}

/** The part of the environment that every child process gets. */
export function selectInheritedVariables(env: NodeJS.ProcessEnv): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) =>
      value !== undefined && isInheritedVariable(name) ? [[name, value]] : [],
    ),
  )
}
