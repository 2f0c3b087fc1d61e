/** Whether `fetch` accepts the URL: it rejects URLs that contain credentials. */
export function isHttpUrl(value: string): boolean {
  const url = URL.parse(value)
  return url !== null && /^https?:$/.test(url.protocol) && url.username === '' && url.password === ''
}
