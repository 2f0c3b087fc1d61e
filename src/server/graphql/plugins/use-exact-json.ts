import type { Plugin } from 'graphql-yoga'
import { parseExactJson } from '../../../lib/text/json.ts'

/** Keeps the digits of big integers in variables. Yoga reads the body with `request.json()`, which rounds them. */
export function useExactJson(): Plugin {
  return {
    onRequest({ request }) {
      request.json = async () => parseExactJson(await request.text())
    },
  }
}
