import { expect, test } from 'vitest'
import type { ProviderStep } from '../../../tests/support/providers/strict-provider.ts'
import { describeApp } from '../support/describe-app.ts'
import { lastAnswer, openScriptedApp, send } from '../support/scripted-app.ts'

const finish: ProviderStep = { finish: 'stop' }

describeApp('Formulas', (browser) => {
  test('are shown when their block is whole, and loaded with the first one; amounts of money are none', async () => {
    const text =
      'Energy is $E = mc^2$ and costs $5.\n\n$$\n\\frac{a}{b}\n\n+ \\href{javascript:alert(1)}{c}\n$$\n\nThe end.'
    await using app = await openScriptedApp(browser, { scripts: ['No formula.', [{ text }, finish]] })
    const { page } = app
    const requests: string[] = []
    page.on('request', (request) => requests.push(request.url()))
    await send(page, 'Hello')
    await lastAnswer(page).getByText('No formula.').waitFor()
    expect(requests.filter((url) => url.includes('formulas'))).toEqual([])
    await send(page, 'Physics')
    await lastAnswer(page).locator('.katex').nth(1).waitFor()
    await lastAnswer(page).locator('.katex-display .mfrac').waitFor()
    expect(await lastAnswer(page).locator('.katex').count()).toBe(2)
    expect(await lastAnswer(page).getByText('costs $5.').count()).toBe(1)
    expect(await lastAnswer(page).locator('a[href]').count()).toBe(0)
  })

  test('have arrows, roots and matrices in their sizes, as the Content-Security-Policy allows', async () => {
    const formulas = [
      String.raw`\vec{v}`,
      String.raw`\sqrt[3]{\frac{a}{b}}`,
      String.raw`\begin{pmatrix} a & b \\ c & d \end{pmatrix}`,
      String.raw`\overrightarrow{AB}`,
      String.raw`\widehat{xyz}`,
      String.raw`\underbrace{1 + 1}_{2}`,
      String.raw`\colorbox{red}{x}`,
      String.raw`\boxed{\cancel{x}}`,
    ]
    // The page reports each violation of the policy as an error, which the end of the test finds.
    await using app = await openScriptedApp(browser, {
      scripts: [[{ text: formulas.map((formula) => `$$\n${formula}\n$$`).join('\n\n') }, finish]],
    })
    const { page } = app
    await page.evaluate(() => {
      const violations: string[] = []
      Reflect.set(window, 'violations', violations)
      document.addEventListener('securitypolicyviolation', ({ violatedDirective, sample }) =>
        violations.push(`${violatedDirective} ${sample}`),
      )
    })
    await send(page, 'Mathematics')
    await lastAnswer(page)
      .locator('.katex')
      .nth(formulas.length - 1)
      .waitFor()
    const arrow = lastAnswer(page).locator('.vec svg, .accent svg').first()
    const { width, letter } = await arrow.evaluate((element) => ({
      width: element.getBoundingClientRect().width,
      letter: element.closest('.katex-html')?.getBoundingClientRect().width ?? 0,
    }))
    expect(width).toBeGreaterThan(4)
    expect(width).toBeLessThan(letter + 4)
    expect(await page.evaluate(() => Reflect.get(window, 'violations'))).toEqual([])
  })

  test.each([
    ['broken', String.raw`\frac{`],
    ['endless', String.raw`\def\a{\a\a}\a`],
    [
      'explosive',
      String.raw`\def\a{\b\b\b\b\b\b\b\b}\def\b{\c\c\c\c\c\c\c\c}\def\c{\d\d\d\d\d\d\d\d}\def\d{xxxxxxxx}\a\a\a`,
    ],
    ['deep braces', '{'.repeat(5000) + 'x' + '}'.repeat(5000)],
    ['deep fractions', String.raw`\frac{1}{`.repeat(2000) + 'x' + '}'.repeat(2000)],
  ])('that cannot be shown are as they are written, and the page stays: %s', async (_, formula) => {
    await using app = await openScriptedApp(browser, {
      scripts: [[{ text: `$$\n${formula}\n$$\n\nEnergy is $E = mc^2$.` }, finish]],
    })
    await send(app.page, 'Attack')
    await lastAnswer(app.page).locator('.katex').last().waitFor()
    await lastAnswer(app.page).getByText(formula.slice(0, 8)).first().waitFor()
  })
})
