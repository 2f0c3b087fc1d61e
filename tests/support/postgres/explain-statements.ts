import pg from 'pg'
import { z } from 'zod'

const planSchema = z.object({
  'Node Type': z.string(),
  'Relation Name': z.string().optional(),
  get Plans() {
    return z.array(planSchema).optional()
  },
})

type Plan = z.infer<typeof planSchema>

const explainedSchema = z.tuple([z.object({ 'QUERY PLAN': z.tuple([z.object({ Plan: planSchema })]) })])

const statementSchema = z.object({ name: z.string(), text: z.string() })

/** Collects the texts of all prepared statements that this process runs from now on, by their names. */
export function recordStatements(): ReadonlyMap<string, string> {
  const statements = new Map<string, string>()
  const { query } = pg.Client.prototype
  Object.defineProperty(pg.Client.prototype, 'query', {
    value(this: pg.Client, ...args: readonly unknown[]): unknown {
      const { data } = statementSchema.safeParse(args[0])
      if (data) statements.set(data.name, data.text)
      return Reflect.apply(query, this, args)
    },
  })
  return statements
}

/**
 * Where statements read whole tables: the names of the statements and of the tables. `filled`: tables that have rows, of which
 * the planner chooses the cheapest way; without any, where nothing but a scan is possible.
 */
export async function findScans(
  url: string,
  statements: ReadonlyMap<string, string>,
  filled: readonly string[] = [],
): Promise<string[]> {
  const enableScans = filled.length > 0 ? 'on' : 'off'
  const client = new pg.Client({
    connectionString: url,
    options: `-c search_path=segue -c enable_seqscan=${enableScans}`,
  })
  await client.connect()
  try {
    await client.query('SET plan_cache_mode = force_generic_plan')
    const scans: string[] = []
    for (const [name, text] of statements)
      for (const table of await explain(client, text))
        if (filled.length === 0 || filled.includes(table)) scans.push(`${name}: ${table}`)
    return scans
  } finally {
    await client.end()
  }
}

async function explain(client: pg.Client, text: string): Promise<string[]> {
  const count = Math.max(0, ...[...text.matchAll(/\$(\d+)/g)].map(([, number]) => Number(number)))
  await client.query(`PREPARE explained AS ${text}`)
  const values = count > 0 ? `(${Array.from({ length: count }, () => 'NULL').join(', ')})` : ''
  const { rows } = await client.query(`EXPLAIN (FORMAT JSON) EXECUTE explained${values}`)
  await client.query('DEALLOCATE explained')
  const [{ 'QUERY PLAN': plan }] = explainedSchema.parse(rows)
  return listNodes(plan[0].Plan)
    .filter((node) => node['Node Type'] === 'Seq Scan')
    .map((node) => node['Relation Name'] ?? '')
}

function listNodes(plan: Plan): Plan[] {
  return [plan, ...(plan.Plans ?? []).flatMap(listNodes)]
}
