import { newWorld } from './world.ts'
import { connect } from './clients.ts'
await using world = await newWorld('http', { hermes: (db) => void db.session('theirs') })
for (const t of ['http', 'sse', 'webSocket', 'httpGet', 'http', 'sse', 'webSocket', 'httpGet'] as const) {
  await using client = connect(t, world.segue.url)
  const t0 = performance.now()
  for (let i = 0; i < 300; i++) await client.execute('query($id: ID!) { session(id: $id) { id } }', { id: 'nobody' })
  const t1 = performance.now()
  for (let i = 0; i < 300; i++) await client.execute('query($id: ID!) { session(id: $id) { id } }', { id: true })
  const t2 = performance.now()
  await Promise.all(Array.from({length: 300}, () => client.execute('query($id: ID!) { session(id: $id) { id } }', { id: 'nobody' })))
  console.log(t, ((t1 - t0) / 300).toFixed(2), ((t2 - t1) / 300).toFixed(2), ((performance.now() - t2) / 300).toFixed(2))
}
