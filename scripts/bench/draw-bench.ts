// Draws docs/bench.svg, a bar chart of all results in bench/results. Usage: node scripts/bench/draw-bench.ts
import { globSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'

const root = join(import.meta.dirname, '..', '..')

const rowSchema = z.object({
  what: z.string(),
  limit: z.string(),
  peers: z.record(z.string(), z.number()),
  segue: z.number(),
  aim: z.number(),
  lowerIsBetter: z.boolean().default(false),
})
const reportSchema = z.object({ name: z.string(), rows: z.array(rowSchema) })
type Row = z.infer<typeof rowSchema>

interface Bar {
  readonly label: string
  readonly value: number
  readonly className: string
}

const width = 760
const chartLeft = 150
const chartWidth = 520
const barHeight = 16
const titleHeight = 26
const rowGap = 20
const headHeight = 30

/** Readable on light and on dark pages: the text has the colour of the page's own text. */
const style = `
  text { font: 12px system-ui, sans-serif; fill: #1f2328 }
  .title { font-weight: 600 }
  .muted { fill: #656d76 }
  .limit { fill: #9aa4ae } .peer { fill: #b6bec7 } .segue { fill: #2f6feb }
  .aim { stroke: #d1242f; stroke-width: 1.5; stroke-dasharray: 3 2 }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 }
    .muted { fill: #9198a1 }
    .limit { fill: #6e7781 } .peer { fill: #4b535d } .segue { fill: #4493f8 }
    .aim { stroke: #ff7b72 }
  }`

const escapeXml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')

function listBars({ peers, segue }: Row): Bar[] {
  return [
    { label: 'limit', value: 1, className: 'limit' },
    ...Object.entries(peers).map(([label, value]) => ({ label, value, className: 'peer' })),
    { label: 'Segue', value: segue, className: 'segue' },
  ]
}

function drawRow(row: Row, top: number): { readonly svg: string; readonly bottom: number } {
  const bars = listBars(row)
  const scale = chartWidth / Math.max(row.aim, ...bars.map(({ value }) => value))
  const first = top + titleHeight
  const direction = row.lowerIsBetter ? 'less is better' : 'more is better'
  const lines = bars.map(({ label, value, className }, index) => {
    const y = first + index * barHeight
    const length = Math.max(1, value * scale)
    return [
      `<text x="${chartLeft - 8}" y="${y + 11}" text-anchor="end">${escapeXml(label)}</text>`,
      `<rect class="${className}" x="${chartLeft}" y="${y + 1}" width="${length.toFixed(1)}" height="${barHeight - 3}" rx="2"/>`,
      `<text x="${(chartLeft + length + 6).toFixed(1)}" y="${y + 11}">${value.toFixed(2)}</text>`,
    ].join('')
  })
  const bottom = first + bars.length * barHeight
  const aim = (chartLeft + row.aim * scale).toFixed(1)
  const title = `<text x="0" y="${top + 14}"><tspan class="title">${escapeXml(row.what)}</tspan> <tspan class="muted">limit: ${escapeXml(row.limit)} · ${direction}</tspan></text>`
  const aimLine = `<line class="aim" x1="${aim}" x2="${aim}" y1="${first}" y2="${bottom}"/>`
  return { svg: [title, ...lines, aimLine].join('\n'), bottom: bottom + rowGap }
}

const reports = globSync('*.json', { cwd: join(root, 'bench', 'results') })
  .toSorted()
  .flatMap((file) => {
    const parsed = reportSchema.safeParse(JSON.parse(readFileSync(join(root, 'bench', 'results', file), 'utf8')))
    return parsed.success ? [parsed.data] : []
  })
let bottom = headHeight
const drawn: string[] = []
for (const row of reports.flatMap(({ rows }) => rows)) {
  const result = drawRow(row, bottom)
  drawn.push(result.svg)
  bottom = result.bottom
}
if (drawn.length === 0) throw new Error('There are no results. Run npm run bench first.')
const head = '<text x="0" y="16" class="muted">Ratios to the limit, which is 1.00. The dashed line is the aim.</text>'
writeFileSync(
  join(root, 'docs', 'bench.svg'),
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${bottom}" width="${width}" height="${bottom}" role="img" aria-label="Benchmarks of Segue">\n<style>${style}\n</style>\n${[head, ...drawn].join('\n')}\n</svg>\n`,
)
process.stdout.write(`Drew ${drawn.length} rows into docs/bench.svg\n`)
