// The limit: the same responses by better-sqlite3 and JSON.stringify on node:http. Arguments: the flat database.
import { createServer } from 'node:http'
import { openFlatDatabase } from './database.mjs'

const database = openFlatDatabase(process.argv[2])
const toEdges = (nodes) => ({ edges: nodes.map((node) => ({ node })) })

/** By the first field of the query. */
const responses = {
  __typename: () => ({ __typename: 'Query' }),
  sessions: () => ({ sessions: toEdges(database.listSessions(100)) }),
  lineage: () => {
    const rows = database.listLinks(1000)
    const lineages = database.findLineages(rows)
    const toNode = ({ id, title }, { lineageRoot, segmentCount }) => ({ id, title, lineageRoot, segmentCount })
    return { sessions: toEdges(rows.map((row, index) => toNode(row, lineages[index]))) }
  },
  conversations: () => ({ conversations: toEdges(database.listConversations(50)) }),
}

const server = createServer((request, response) => {
  const chunks = []
  request.on('data', (chunk) => chunks.push(chunk))
  request.on('end', () => {
    const { query } = JSON.parse(Buffer.concat(chunks).toString())
    const name = query.includes('lineageRoot') ? 'lineage' : /\w+/.exec(query)[0]
    const text = JSON.stringify({ data: responses[name]() })
    response.writeHead(200, {
      'content-type': 'application/json; charset=utf-8',
      'content-length': Buffer.byteLength(text),
    })
    response.end(text)
  })
})
server.listen(0, '127.0.0.1', () => process.stdout.write(`http://127.0.0.1:${server.address().port}\n`))
