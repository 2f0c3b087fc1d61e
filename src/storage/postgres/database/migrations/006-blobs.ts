/**
 * Blobs; see `001-chats.ts`. The bytes of a blob are rows of a size that a read handles at once. They have an id of their own,
 * because they come before their hash is known, and are read after the blob is deleted.
 */
export const blobTables = `
  CREATE TABLE blob_contents (
    profile text COLLATE "C" NOT NULL REFERENCES profiles ON UPDATE CASCADE ON DELETE CASCADE,
    id text COLLATE "C" NOT NULL,
    -- Since when no blob has these bytes: from their reception until they are kept, and from the deletion of the blob on.
    unused_since timestamptz DEFAULT now(),
    PRIMARY KEY (profile, id)
  );
  CREATE INDEX unused_blob_contents ON blob_contents (profile, unused_since) WHERE unused_since IS NOT NULL;

  CREATE TABLE blob_chunks (
    profile text COLLATE "C" NOT NULL,
    content_id text COLLATE "C" NOT NULL,
    position bigint NOT NULL,
    bytes bytea NOT NULL,
    PRIMARY KEY (profile, content_id, position),
    FOREIGN KEY (profile, content_id) REFERENCES blob_contents ON UPDATE CASCADE ON DELETE CASCADE
  );
  -- Most files are compressed already.
  ALTER TABLE blob_chunks ALTER COLUMN bytes SET STORAGE EXTERNAL;

  CREATE TABLE blobs (
    profile text COLLATE "C" NOT NULL,
    hash text COLLATE "C" NOT NULL,
    content_id text COLLATE "C" NOT NULL,
    size bigint NOT NULL,
    -- When it was last stored: soon a row may refer to it.
    stored_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (profile, hash),
    FOREIGN KEY (profile, content_id) REFERENCES blob_contents ON UPDATE CASCADE ON DELETE CASCADE
  );
`
