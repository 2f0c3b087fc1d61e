/** For whatever somebody else may have made: a browser takes it for what its content type says. */
export const noSniffHeaders = { 'x-content-type-options': 'nosniff' } as const

/**
 * The headers of a page. It loads from `sources`, which are directives of a Content-Security-Policy, and from nowhere else. No
 * other page embeds it or can reach its window, and no other server learns of its address.
 */
export function createPageHeaders(sources: Readonly<Record<string, string>>) {
  const directives = {
    'default-src': "'none'",
    'base-uri': "'none'",
    'form-action': "'none'",
    'frame-ancestors': "'none'",
    ...sources,
  }
  const policy = Object.entries(directives).map(([name, value]) => `${name} ${value}`)
  return {
    'content-security-policy': policy.join('; '),
    ...noSniffHeaders,
    'referrer-policy': 'no-referrer',
    'cross-origin-opener-policy': 'same-origin',
  } as const
}
