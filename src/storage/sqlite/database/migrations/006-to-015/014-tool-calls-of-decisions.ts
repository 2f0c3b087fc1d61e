/** `tool_call_id` finds the decisions about a tool call. Old rows get it as well: it is computed from their body. */
export const migration014 = `
  ALTER TABLE decisions ADD COLUMN tool_call_id TEXT
    GENERATED ALWAYS AS (CASE WHEN json_valid(body) THEN json_extract(body, '$.toolCall.id') END) VIRTUAL;
  CREATE INDEX decisions_of_tool_call ON decisions (tool_call_id);
`
