/** What the responses of providers have shown about their models. Old databases know nothing yet. */
export const migration008 = `
  CREATE TABLE model_observations (
    -- <provider>/<name>
    model TEXT NOT NULL,
    -- Empty for the public API of the provider's type.
    base_url TEXT NOT NULL,
    property TEXT NOT NULL,
    value INTEGER NOT NULL,
    observed_at INTEGER NOT NULL,
    PRIMARY KEY (model, base_url, property)
  ) STRICT, WITHOUT ROWID;
`
