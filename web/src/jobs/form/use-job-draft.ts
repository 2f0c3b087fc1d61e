import { useState } from 'react'
import type { JobFormValues } from './job-form-values.ts'
import { scheduleKinds } from './schedule/schedule-choice.ts'
import { isFullStorage, reportFullStorage } from '../../notices/report-full-storage.ts'

interface JobDraft {
  readonly values: JobFormValues
  readonly change: (changes: Partial<JobFormValues>) => void
  /** Forgets what was typed: it is saved, or given up. */
  readonly forget: () => void
}

const keyPrefix = 'segue.job.'

/** What is typed into the form of a job. It survives a reload, and the way to another view. */
export function useJobDraft(id: string, initial: JobFormValues): JobDraft {
  const key = keyPrefix + id
  const [values, setValues] = useState(() => readDraft(key, initial))
  const change = (changes: Partial<JobFormValues>): void => {
    const next = { ...values, ...changes }
    setValues(next)
    write(key, JSON.stringify(next))
  }
  return { values, change, forget: () => write(key, null) }
}

/** The keys of the forms of jobs that were not saved in this window. */
function listStoredKeys(): string[] {
  try {
    return Object.keys(sessionStorage).filter((key) => key.startsWith(keyPrefix))
  } catch {
    return []
  }
}

export const hasStoredJobDrafts = (): boolean => listStoredKeys().length > 0

export function clearStoredJobDrafts(): void {
  for (const key of listStoredKeys()) write(key, null)
}

function readDraft(key: string, initial: JobFormValues): JobFormValues {
  try {
    const stored: unknown = JSON.parse(sessionStorage.getItem(key) ?? 'null')
    if (typeof stored !== 'object' || stored === null) return initial
    const readText = (name: keyof JobFormValues): string => {
      const value: unknown = Reflect.get(stored, name)
      return typeof value === 'string' ? value : initial[name]
    }
    return {
      kind: scheduleKinds.find((kind) => kind === readText('kind')) ?? initial.kind,
      time: readText('time'),
      weekday: readText('weekday'),
      dayOfMonth: readText('dayOfMonth'),
      count: readText('count'),
      unit: readText('unit'),
      onceAt: readText('onceAt'),
      text: readText('text'),
      name: readText('name'),
      prompt: readText('prompt'),
      timezone: readText('timezone'),
      profile: readText('profile'),
      model: readText('model'),
      effort: readText('effort'),
      instructions: readText('instructions'),
      budgetTokens: readText('budgetTokens'),
      budgetCost: readText('budgetCost'),
      repeatLimit: readText('repeatLimit'),
    }
  } catch {
    return initial
  }
}

function write(key: string, text: string | null): void {
  try {
    if (text === null) sessionStorage.removeItem(key)
    else sessionStorage.setItem(key, text)
  } catch (error) {
    // Without storage the form is kept until the page is closed.
    if (isFullStorage(error)) reportFullStorage()
  }
}
