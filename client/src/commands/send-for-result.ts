import type { RequestSender } from '../http/request-sender.ts'
import type { RequestOptions } from '../segue-client.ts'

/**
 * Sends a document with one field, which it calls `result`, and resolves to that. A mutation has its key in the header alone.
 *
 * @typeParam Wire What the document selects of the field.
 */
export async function sendForResult<Wire>(
  requests: RequestSender,
  query: string,
  variables: object,
  options: RequestOptions | undefined,
): Promise<Wire> {
  const { result } = await requests.send<{ readonly result: Wire }>({ query, variables: { ...variables } }, options)
  return result
}
