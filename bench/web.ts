// Measures the web app in Chromium beside a page with an empty React list that the same Vite has built, in alternating order.
// Usage: npm run bench -- web [scenarios] [--rounds 5] [--seconds 20]. See README.md for the scenarios.
import { parseArgs } from 'node:util'
import { startBenchServers } from './web/bench-servers.ts'
import { printReport, type ScenarioRounds, writeReport } from './web/report.ts'
import type { Figures, Scenario } from './web/scenario.ts'
import { longChatScenario, longListScenario } from './web/scenarios/scrolling.ts'
import { startInChatScenario, startScenario } from './web/scenarios/start.ts'
import { longAnswerScenario, streamScenario } from './web/scenarios/streaming.ts'

const all: readonly Scenario[] = [
  startScenario,
  startInChatScenario,
  streamScenario,
  longChatScenario,
  longAnswerScenario,
  longListScenario,
]

const { values, positionals: names } = parseArgs({
  allowPositionals: true,
  options: { rounds: { type: 'string', default: '5' }, seconds: { type: 'string', default: '20' } },
})
const [rounds, seconds] = [Number(values.rounds), Number(values.seconds)]
const known = all.map(({ name }) => name)
const unknown = names.find((name) => !known.includes(name))
if (unknown !== undefined) throw new Error(`${unknown}: Unknown scenario. Use ${known.join(', ')}.`)

await using servers = await startBenchServers({ chats: 100_000, messages: 2000 })
const measured: ScenarioRounds[] = []
for (const scenario of all) {
  if (names.length > 0 && !names.includes(scenario.name)) continue
  const app: Figures[] = []
  const emptyPage: Figures[] = []
  const measureApp = async () => void app.push(await scenario.measureApp(servers, { seconds }))
  const measureEmpty = async () => void emptyPage.push(await scenario.measureEmptyPage(servers, { seconds }))
  for (let round = 0; round < rounds; round += 1) {
    process.stderr.write(`${scenario.name}, round ${round + 1}\n`)
    // Whichever is first has the disadvantage of it, in turn.
    const inOrder = round % 2 === 0 ? [measureApp, measureEmpty] : [measureEmpty, measureApp]
    for (const measure of inOrder) await measure()
  }
  measured.push({ scenario, app, emptyPage })
}
printReport(measured)
process.stdout.write(`\nAll rounds: ${writeReport(measured, { rounds, seconds })}\n`)
