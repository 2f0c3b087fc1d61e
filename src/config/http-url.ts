/** Whether `fetch` can use it; it refuses addresses that carry a password. */
export function isHttpUrl(value: string): boolean {
  const url = URL.parse(value)
  return url !== null && /^https?:$/.test(url.protocol) && url.username === '' && url.password === ''
}
