import pg from 'pg'
import { z } from 'zod'
import { escapeNul, unescapeNul } from './nul-escape.ts'
import type { PostgresValue } from './postgres-statement.ts'

const { builtins } = pg.types
/** The type `text[]`, which has no name in the driver. */
const textArray = 1009

/** What the driver is given for a parameter. */
export function toDriverValue(value: PostgresValue): unknown {
  if (typeof value === 'string') return escapeNul(value)
  if (!Array.isArray(value)) return value
  return value.map((element) => (typeof element === 'string' ? escapeNul(element) : element))
}

/** Numbers of 8 bytes become numbers: those that Segue stores are exact below 2^53. */
export const typeParsers: pg.CustomTypesConfig = {
  getTypeParser(oid: number, format?: 'text' | 'binary') {
    if (format === 'binary') return pg.types.getTypeParser(oid, 'binary')
    if (oid === builtins.INT8 || oid === builtins.NUMERIC) return Number
    if (oid === builtins.TEXT) return unescapeNul
    const parse = pg.types.getTypeParser(oid, 'text')
    if (oid !== textArray) return parse
    return (text: string) =>
      z
        .array(z.string().nullable())
        .parse(parse(text))
        .map((element) => element && unescapeNul(element))
  },
}
