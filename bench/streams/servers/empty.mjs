// The limit of a start: an empty server that has loaded what any such server needs. Prints its URL.
import { createServer } from 'node:http'
import { enableCompileCache } from 'node:module'
import { join } from 'node:path'

enableCompileCache(join(import.meta.dirname, '..', '..', '..', 'node_modules', '.cache', 'compile'))
await Promise.all([import('graphql-yoga'), import('better-sqlite3'), import('graphql-ws')])
const server = createServer((_, response) => response.end())
server.listen(0, '127.0.0.1', () => process.stdout.write(`http://127.0.0.1:${server.address().port}\n`))
