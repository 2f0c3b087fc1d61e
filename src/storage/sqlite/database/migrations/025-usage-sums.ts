/**
 * What was used, by day (days since 1970-01-01, UTC) and model, source of the session, session, or job. The sums of what was
 * used before are made of the streams that have ended, in one pass, and of the runs of jobs. `usage` is JSON. What titles
 * and summaries had used is not in the streams, so that it is not in the sums.
 */
export const migration025 = `
  CREATE TABLE usage_sums (
    dimension TEXT NOT NULL, -- MODEL, SOURCE, SESSION or JOB
    day INTEGER NOT NULL,
    key TEXT NOT NULL,
    answers INTEGER NOT NULL,
    usage TEXT NOT NULL,
    PRIMARY KEY (dimension, day, key)
  ) STRICT, WITHOUT ROWID;

  CREATE TEMP TABLE used (day, model, source, session, job, answers, estimated, input, output, reasoning, cached);
  INSERT INTO used
  SELECT day, model, source, session_id, NULL, count(*),
    max(coalesce(usage ->> 'estimated', 0)), sum(min(1000000000000, max(0, coalesce(CAST(usage ->> 'inputTokens' AS INTEGER), 0)))),
    sum(min(1000000000000, max(0, coalesce(CAST(usage ->> 'outputTokens' AS INTEGER), 0)))),
    sum(min(1000000000000, max(0, coalesce(CAST(usage ->> 'reasoningTokens' AS INTEGER), 0)))),
    sum(min(1000000000000, max(0, coalesce(CAST(usage ->> 'cachedInputTokens' AS INTEGER), 0))))
  FROM (
    SELECT streams.finished_at / 86400000 AS day, streams.model, sessions.source, streams.session_id,
      CASE WHEN json_valid(streams.usage) THEN streams.usage ELSE '{}' END AS usage
    FROM streams JOIN sessions ON sessions.id = streams.session_id WHERE streams.finished_at IS NOT NULL
  )
  WHERE usage ->> 'inputTokens' > 0 OR usage ->> 'outputTokens' > 0
  GROUP BY day, model, session_id;
  INSERT INTO used
  SELECT finished_at / 86400000, NULL, NULL, NULL, job_id, 1, coalesce(usage ->> 'estimated', 0),
    min(1000000000000, max(0, coalesce(CAST(usage ->> 'inputTokens' AS INTEGER), 0))),
    min(1000000000000, max(0, coalesce(CAST(usage ->> 'outputTokens' AS INTEGER), 0))),
    min(1000000000000, max(0, coalesce(CAST(usage ->> 'reasoningTokens' AS INTEGER), 0))),
    min(1000000000000, max(0, coalesce(CAST(usage ->> 'cachedInputTokens' AS INTEGER), 0)))
  FROM job_runs WHERE finished_at IS NOT NULL AND json_valid(usage)
    AND (usage ->> 'inputTokens' > 0 OR usage ->> 'outputTokens' > 0);

  INSERT INTO usage_sums
  SELECT dimension, day, key, sum(answers), json_object(
    'estimated', json(CASE WHEN max(estimated) > 0 THEN 'true' ELSE 'false' END),
    'inputTokens', sum(input), 'outputTokens', sum(output),
    'reasoningTokens', sum(reasoning), 'cachedInputTokens', sum(cached))
  FROM (
    SELECT 'MODEL' AS dimension, day, model AS key, answers, estimated, input, output, reasoning, cached FROM used
    UNION ALL
    SELECT 'SOURCE', day, source, answers, estimated, input, output, reasoning, cached FROM used
    UNION ALL
    SELECT 'SESSION', day, session, answers, estimated, input, output, reasoning, cached FROM used
    UNION ALL
    SELECT 'JOB', day, job, answers, estimated, input, output, reasoning, cached FROM used
  )
  WHERE key IS NOT NULL
  GROUP BY dimension, day, key;
  DROP TABLE used;
`
