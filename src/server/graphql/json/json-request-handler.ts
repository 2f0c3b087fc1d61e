import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Caller } from '../../auth/caller.ts'
import type { RequestJson } from '../request-json.ts'

/** Answers a request whose body has been read; null for a method without a body. */
export type JsonRequestHandler = (
  request: IncomingMessage,
  response: ServerResponse,
  caller: Caller,
  body: RequestJson | null,
) => void | Promise<void>
