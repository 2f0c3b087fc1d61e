import { expect, test } from 'vitest'
import { readSettings } from '../../../src/config/settings.ts'
import { newTempFolder } from '../../support/server/segue.ts'

const home = newTempFolder()
const url = 'postgres://segue:top-secret-word@db.example/segue'

const read = (env: NodeJS.ProcessEnv, ...argv: string[]) =>
  readSettings({ argv: ['--home', home, ...argv], env, homedir: home }).database

test('there is none unless a URL is set', () => {
  expect(read({})).toBeNull()
})

test('a URL is enough: notifications come from it, and the schema is segue', () => {
  expect(read({}, '--database', url)).toEqual({ url, listenUrl: url, schema: 'segue' })
  const env = { SEGUE_DATABASE_URL: url, SEGUE_DATABASE_LISTEN_URL: `${url}2`, SEGUE_DATABASE_SCHEMA: 'chats_2' }
  expect(read(env)).toEqual({ url, listenUrl: `${url}2`, schema: 'chats_2' })
})

test.each(['postgresql://h/d', 'postgres://%2Fvar%2Frun%2Fpostgresql/segue', 'postgres:///segue?host=/tmp'])(
  'a URL may be %s',
  (each) => {
    expect(read({ SEGUE_DATABASE_URL: each })?.url).toBe(each)
  },
)

test.each([
  [
    { SEGUE_DATABASE_URL: 'mysql://top-secret-word@h/d' },
    'SEGUE_DATABASE_URL: Must be the URL of a PostgreSQL database',
  ],
  [{ SEGUE_DATABASE_URL: 'top-secret-word' }, 'SEGUE_DATABASE_URL: Must be the URL of a PostgreSQL database'],
  [{ SEGUE_DATABASE_LISTEN_URL: url }, 'SEGUE_DATABASE_LISTEN_URL: There is no database.'],
  [{ SEGUE_DATABASE_URL: url, SEGUE_DATABASE_SCHEMA: 'a"b' }, 'Must be up to 63 lower-case letters'],
])('a wrong value is a problem that shows no secret: %j', (env, problem) => {
  let message = ''
  try {
    read(env)
  } catch (error) {
    message = String(error)
  }
  expect(message).toContain(problem)
  expect(message).not.toContain('top-secret-word')
})
