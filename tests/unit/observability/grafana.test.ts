import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { request } from '../../support/server/graphql-request.ts'
import { startTestSegue } from '../../support/server/segue.ts'

const docs = join(import.meta.dirname, '..', '..', '..', 'docs')
const dashboardSchema = z.object({
  panels: z.array(
    z.object({ title: z.string(), type: z.string(), targets: z.array(z.object({ expr: z.string() })).default([]) }),
  ),
})
const metricPattern = /\b(?:segue|nodejs|process)_\w+/g

function readDashboard() {
  return dashboardSchema.parse(JSON.parse(readFileSync(join(docs, 'grafana.json'), 'utf8')))
}

/** The names that a metric of this type has for Prometheus. */
function listNames(name: string, type: string): string[] {
  return type === 'histogram' ? ['_bucket', '_sum', '_count'].map((suffix) => name + suffix) : [name]
}

/** The names of all metrics of a server, with and without values. */
async function loadMetricNames(): Promise<{ readonly declared: string[]; readonly queryable: string[] }> {
  await using segue = await startTestSegue()
  await request(segue.url, { query: '{ server { version } }' })
  const text = await (await fetch(`${segue.url}/metrics`)).text()
  const types = [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name = '', type = '']) => ({ name, type }))
  return {
    declared: types.map(({ name }) => name),
    queryable: types.flatMap(({ name, type }) => listNames(name, type)),
  }
}

test('each metric of the Grafana dashboard is in /metrics, and each of Segue is in the dashboard', async () => {
  const { declared, queryable } = await loadMetricNames()
  const expressions = readDashboard().panels.flatMap(({ targets }) => targets.map(({ expr }) => expr))
  const shown = new Set(expressions.flatMap((expr) => expr.match(metricPattern) ?? []))
  expect(shown.size).toBeGreaterThan(15)
  expect([...shown].filter((name) => !queryable.includes(name))).toEqual([])
  const ofSegue = declared.filter((name) => name.startsWith('segue_'))
  expect(ofSegue.filter((name) => ![...shown].some((each) => each.startsWith(name)))).toEqual([])
})

test('each panel of the dashboard shows something', () => {
  const panels = readDashboard().panels.filter(({ type }) => type !== 'row')
  for (const { title, targets } of panels) expect(targets.length, title).toBeGreaterThan(0)
})

test('the documentation describes each metric of Segue', async () => {
  const { declared } = await loadMetricNames()
  const described = readFileSync(join(docs, 'operation.md'), 'utf8')
  expect(declared.filter((name) => name.startsWith('segue_') && !described.includes(`\`${name}\``))).toEqual([])
})
