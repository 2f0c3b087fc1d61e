/** Whether a text is what a browser sends as the Origin of a page that it has loaded over http or https (RFC 6454). */
export function isHttpOrigin(text: string): boolean {
  const url = URL.parse(text)
  // A URL may have an asterisk in its host, which is a wildcard only for people.
  return url !== null && /^https?:$/.test(url.protocol) && url.origin === text && !text.includes('*')
}
