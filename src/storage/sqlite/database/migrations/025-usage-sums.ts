/** SQL for a figure of a usage in JSON, as it can be: from 0 to 10^12. */
const figureSql = (name: string): string =>
  `min(1000000000000, max(0, coalesce(CAST(usage ->> '${name}' AS INTEGER), 0)))`

/** SQL for what a session has used in excess of its streams. */
const excessSql = (name: string, column: string): string =>
  `max(0, ${figureSql(name)} - coalesce(of_streams.${column}, 0))`

/**
 * What was used, by day (days since 1970-01-01, UTC) and model, source of the session, session, or job. `usage` is JSON.
 *
 * The sums of what was used before are made of the streams that have ended, in one pass, and of the runs of jobs. What a
 * session has used in excess of its streams went into its title or its summary: that counts for the model of the summary that
 * it begins with, on the day of that summary, else for the model and the day of its first answer.
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
    max(coalesce(usage ->> 'estimated', 0)), sum(${figureSql('inputTokens')}),
    sum(${figureSql('outputTokens')}),
    sum(${figureSql('reasoningTokens')}),
    sum(${figureSql('cachedInputTokens')})
  FROM (
    SELECT streams.finished_at / 86400000 AS day, streams.model, sessions.source, streams.session_id,
      CASE WHEN json_valid(streams.usage) THEN streams.usage ELSE '{}' END AS usage
    FROM streams JOIN sessions ON sessions.id = streams.session_id WHERE streams.finished_at IS NOT NULL
  )
  WHERE usage ->> 'inputTokens' > 0 OR usage ->> 'outputTokens' > 0
  GROUP BY day, model, session_id;
  INSERT INTO used
  SELECT coalesce(summary_at, answered_at, started_at) / 86400000, coalesce(summary_model, answer_model, model), source, id,
    NULL, 0, estimated, input, output, reasoning, cached
  FROM (
    SELECT excess.*, answer.model AS answer_model, answer.finished_at AS answered_at,
      iif(first.role = 'SYSTEM', first.model, NULL) AS summary_model,
      iif(first.role = 'SYSTEM', first.created_at, NULL) AS summary_at
    FROM (
      SELECT id, source, model, started_at, coalesce(usage ->> 'estimated', 0) AS estimated,
        ${excessSql('inputTokens', 'input')} AS input, ${excessSql('outputTokens', 'output')} AS output,
        ${excessSql('reasoningTokens', 'reasoning')} AS reasoning, ${excessSql('cachedInputTokens', 'cached')} AS cached
      FROM (
        SELECT id, source, model, started_at, CASE WHEN json_valid(usage) THEN usage ELSE '{}' END AS usage FROM sessions
      )
      LEFT JOIN (
        SELECT session, sum(input) AS input, sum(output) AS output, sum(reasoning) AS reasoning, sum(cached) AS cached
        FROM used GROUP BY session
      ) AS of_streams ON of_streams.session = id
    ) AS excess
    LEFT JOIN messages AS first ON first.rowid = (
      SELECT rowid FROM messages WHERE session_id = excess.id AND position IS NOT NULL ORDER BY position LIMIT 1
    )
    LEFT JOIN streams AS answer ON answer.rowid = (
      SELECT rowid FROM streams WHERE session_id = excess.id AND finished_at IS NOT NULL ORDER BY finished_at LIMIT 1
    )
    WHERE excess.input > 0 OR excess.output > 0
  );
  INSERT INTO used
  SELECT finished_at / 86400000, NULL, NULL, NULL, job_id, 1, coalesce(usage ->> 'estimated', 0),
    ${figureSql('inputTokens')},
    ${figureSql('outputTokens')},
    ${figureSql('reasoningTokens')},
    ${figureSql('cachedInputTokens')}
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
