import type { UrlTransform } from 'react-markdown'

const linkProtocols: ReadonlySet<string> = new Set(['http:', 'https:', 'mailto:'])

/**
 * What is left of the URLs of a model's text: of links, those that a browser opens elsewhere.
 * Images keep theirs: what is loaded of them is up to their element. Null: no URL.
 */
export const toSafeUrl: UrlTransform = (url, attribute) => {
  if (attribute === 'src') return url
  if (attribute !== 'href') return null
  return isSafeLink(url) ? url : null
}

/** Whether a URL is absolute and of a protocol that cannot run anything in the page. */
export function isSafeLink(url: string): boolean {
  return URL.canParse(url) && linkProtocols.has(new URL(url).protocol)
}
