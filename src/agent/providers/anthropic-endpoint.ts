/**
 * The URL under which Anthropic's API is. One without a path, such as that of a gateway, gets the version of the API: `/messages`
 * is nowhere without it. A path stays as it is.
 */
export function resolveAnthropicBaseURL(baseURL: string): string {
  return URL.parse(baseURL)?.pathname === '/' ? appendAnthropicApiVersion(baseURL) : baseURL
}

/** Appends the version of the API, unless the URL ends with one. Anthropic's own tools leave it out, whatever the path is. */
export function appendAnthropicApiVersion(baseURL: string): string {
  const url = baseURL.replace(/\/+$/, '')
  return /\/v\d+$/.test(url) ? url : `${url}/v1`
}
