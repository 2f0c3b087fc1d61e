/**
 * What is allowed without asking has an id, a time, the approval that allowed it, and perhaps a pattern of arguments. The
 * rules of a session move to the one that continues it, so those of a session that was continued before stand there only.
 */
export const migration023 = `
  CREATE TABLE approval_rules (
    id TEXT PRIMARY KEY,
    session_id TEXT REFERENCES session_ids (id) ON DELETE CASCADE,
    tool TEXT NOT NULL,
    pattern TEXT NOT NULL, -- JSON; empty: any arguments
    since INTEGER NOT NULL,
    approval_id TEXT
  ) STRICT;

  INSERT INTO approval_rules
  WITH answers AS (
    SELECT
      id, session_id, change,
      CASE WHEN json_valid(body) THEN json_extract(body, '$.toolCall.name') END AS tool,
      CASE WHEN json_valid(body) THEN json_extract(body, '$.decision') END AS decision,
      CASE WHEN json_valid(body) THEN json_extract(body, '$.releasedBy') END AS released_by,
      CASE WHEN json_valid(body) THEN CAST(json_extract(body, '$.resolvedAt') AS INTEGER) END AS resolved_at
    FROM decisions WHERE kind = 'approval'
  ), newest AS (
    SELECT tool, CASE decision WHEN 'ALWAYS' THEN '' ELSE session_id END AS scope, id, resolved_at, max(change)
    FROM answers WHERE decision IN ('SESSION', 'ALWAYS') AND released_by IS NULL GROUP BY 1, 2
  )
  SELECT
    'rul_0' || substr(lower(hex(randomblob(13))), 2), grants.session_id, grants.tool, '',
    coalesce(newest.resolved_at, CAST(unixepoch('subsec') * 1000 AS INTEGER)), newest.id
  FROM grants LEFT JOIN newest ON newest.tool = grants.tool AND newest.scope = coalesce(grants.session_id, '')
  WHERE NOT EXISTS (SELECT 1 FROM sessions WHERE parent_session_id = grants.session_id AND forked_from IS NULL);

  CREATE UNIQUE INDEX approval_rules_by_tool ON approval_rules (tool, coalesce(session_id, ''), pattern);
  CREATE INDEX approval_rules_of_session ON approval_rules (session_id) WHERE session_id IS NOT NULL;
  CREATE INDEX approval_rules_by_age ON approval_rules (since);
  DROP TABLE grants;
`
