import { expect, test } from 'vitest'
import { readProfileSettings } from '../../../../src/config/profile/profile-settings.ts'
import { newTestSettings } from '../../../support/config/test-settings.ts'

const { home, homedir, config, read, writeConfig } = newTestSettings()

test('budgets are limits of tokens, of cost, or of both', () => {
  writeConfig({ limits: { answerBudget: { tokens: 100_000 }, dayBudget: { tokens: 1_000_000, cost: 2.5 } } })
  expect(read()).toMatchObject({
    budgets: { answer: { tokens: 100_000, cost: null }, day: { tokens: 1_000_000, cost: 2.5 } },
    warnings: [],
  })
})

test('a budget that is not valid is a warning and costs only itself', () => {
  for (const answerBudget of [5, {}, { tokens: 0 }, { tokens: 1.5 }, { cost: -1 }, { money: 1 }]) {
    writeConfig({ limits: { answerBudget, dayBudget: { cost: 1 }, streams: 7 } })
    const { budgets, limits, warnings } = read()
    expect(budgets).toEqual({ answer: null, day: { tokens: null, cost: 1 } })
    expect(limits.streams).toBe(7)
    expect(warnings).toEqual([
      `${config}: limits.answerBudget: Must be an object with tokens, cost or both, such as { "tokens": 100000, "cost": 2.5 }. The budget is ignored.`,
    ])
  }
})

test('a named profile has budgets of its own; other limits are those of the server', () => {
  writeConfig({ limits: { dayBudget: { cost: 1 }, streams: 7 } })
  const { budgets, warnings } = readProfileSettings({ env: {}, homedir, home })
  expect(budgets).toEqual({ answer: null, day: { tokens: null, cost: 1 } })
  expect(warnings).toEqual([
    `${config}: limits.streams: This limit is set for the server. It is ignored; a profile has answerBudget and dayBudget.`,
  ])
})
