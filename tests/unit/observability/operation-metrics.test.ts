import { Registry } from 'prom-client'
import { expect, test } from 'vitest'
import { OperationMetrics } from '../../../src/observability/operation-metrics.ts'

test('operations are written as a counter and a histogram: each bucket has those that took no longer', async () => {
  const registry = new Registry()
  const metrics = new OperationMetrics(registry, [0.1, 1])
  const sidebar = metrics.find('query', 'Side"bar')
  for (const [seconds, code] of [
    [0.1, 'OK'],
    [0.5, 'OK'],
    [2, 'TIMEOUT'],
  ] as const) {
    sidebar.count(code)
    sidebar.observeDuration(seconds)
  }
  metrics.find('refused', '').count('TOO_LARGE')
  expect(metrics.find('query', 'Side"bar')).toBe(sidebar)
  const samples = (await registry.metrics()).split('\n').filter((line) => line !== '' && !line.startsWith('# HELP'))
  expect(samples).toEqual([
    '# TYPE segue_operations_total counter',
    String.raw`segue_operations_total{type="query",name="Side\"bar",code="OK"} 2`,
    String.raw`segue_operations_total{type="query",name="Side\"bar",code="TIMEOUT"} 1`,
    'segue_operations_total{type="refused",name="",code="TOO_LARGE"} 1',
    '# TYPE segue_operation_duration_seconds histogram',
    String.raw`segue_operation_duration_seconds_bucket{le="0.1",type="query",name="Side\"bar"} 1`,
    String.raw`segue_operation_duration_seconds_bucket{le="1",type="query",name="Side\"bar"} 2`,
    String.raw`segue_operation_duration_seconds_bucket{le="+Inf",type="query",name="Side\"bar"} 3`,
    String.raw`segue_operation_duration_seconds_sum{type="query",name="Side\"bar"} 2.6`,
    String.raw`segue_operation_duration_seconds_count{type="query",name="Side\"bar"} 3`,
  ])
})
