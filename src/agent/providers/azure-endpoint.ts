import type { Provider } from '../../config/profile/provider.ts'

/** The latest general version of the API whose URLs name the deployment. */
const defaultApiVersion = '2024-10-21'

/** Where the chat completions of a deployment are. */
export interface AzureEndpoint {
  /** Without a trailing slash; `/chat/completions` follows. */
  readonly baseURL: string
  readonly queryParams: Readonly<Record<string, string>>
}

/**
 * Azure has two forms of URLs. Under `/openai/v1` the request names the deployment as its model, and the API version may be
 * left out. Under `/openai/deployments/<name>` the URL names it, and the version is required. A URL without either, such as
 * that of the resource, gets the second form.
 */
export function resolveAzureEndpoint(
  { baseURL, apiVersion }: Pick<Provider, 'baseURL' | 'apiVersion'>,
  deployment: string,
): AzureEndpoint {
  const url = (baseURL ?? '').replace(/\/+$/, '')
  if (/\/v\d+$/.test(url)) return { baseURL: url, queryParams: apiVersion === null ? {} : toQuery(apiVersion) }
  const queryParams = toQuery(apiVersion ?? defaultApiVersion)
  if (/\/deployments\/[^/]+$/.test(url)) return { baseURL: url, queryParams }
  const root = url.replace(/\/openai(\/deployments)?$/, '')
  return { baseURL: `${root}/openai/deployments/${encodeURIComponent(deployment)}`, queryParams }
}

/** Where the models are that could be deployed. It shows whether the resource accepts the key. */
export function resolveAzureModelListURL({ baseURL, apiVersion }: Pick<Provider, 'baseURL' | 'apiVersion'>): string {
  const url = (baseURL ?? '').replace(/\/+$/, '')
  if (/\/v\d+$/.test(url)) return `${url}/models${apiVersion === null ? '' : `?api-version=${apiVersion}`}`
  const root = url.replace(/\/openai(\/deployments(\/[^/]+)?)?$/, '')
  return `${root}/openai/models?api-version=${apiVersion ?? defaultApiVersion}`
}

const toQuery = (version: string): Readonly<Record<string, string>> => ({ 'api-version': version })
