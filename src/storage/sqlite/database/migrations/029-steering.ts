/**
 * `messages.steering` is JSON: how a user's message joined an answer that was running. Old messages have joined none. Such a
 * message is what the key of its call has created.
 */
export const migration029 = `
  ALTER TABLE messages ADD COLUMN steering TEXT;
  CREATE INDEX messages_by_steered_stream ON messages (steering ->> '$.streamId') WHERE steering IS NOT NULL;
  CREATE TRIGGER steered_message_deleted AFTER DELETE ON messages WHEN old.steering IS NOT NULL BEGIN
    UPDATE idempotency_keys SET created_id = NULL WHERE created_id = old.id;
  END;
`
