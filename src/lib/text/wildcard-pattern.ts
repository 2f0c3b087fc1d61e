/** Compiles a pattern in which `*` stands for any text, including none. It matches whole texts. */
export function compileWildcardPattern(pattern: string): RegExp {
  return new RegExp(`^${pattern.split('*').map(RegExp.escape).join('.*')}$`, 's')
}
