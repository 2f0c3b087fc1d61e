/** Sessions that processes compact; see `CommandChannel.claimSession`. */
export const sessionClaimTables = `
  CREATE TABLE session_claims (
    profile text COLLATE "C" NOT NULL,
    session_id text COLLATE "C" NOT NULL,
    -- A process. The claim means nothing once it does not exist any more.
    owner bigint NOT NULL,
    PRIMARY KEY (profile, session_id),
    FOREIGN KEY (profile, session_id) REFERENCES sessions ON UPDATE CASCADE ON DELETE CASCADE
  );
`
