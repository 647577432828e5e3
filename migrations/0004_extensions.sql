-- WebAssembly filters that calls go through. A row says who passes one and with what configuration; its code lies apart, by its
-- hash, so that reading a project never reads it: only an isolate that is about to run it does.

CREATE TABLE extensions (
  id            TEXT PRIMARY KEY,
  project_id    TEXT NOT NULL REFERENCES projects (id),
  name          TEXT NOT NULL,
  name_key      TEXT NOT NULL,
  position      INTEGER NOT NULL DEFAULT 0,          -- calls pass the lowest first; equals by age
  enabled       INTEGER NOT NULL DEFAULT 1 CHECK (enabled IN (0, 1)),
  on_error      TEXT NOT NULL DEFAULT 'closed' CHECK (on_error IN ('open', 'closed')),
  time_limit_ms INTEGER NOT NULL CHECK (time_limit_ms > 0),
  config_json   TEXT NOT NULL DEFAULT '{}',
  hooks_json    TEXT NOT NULL,                       -- JSON array: those that calls go through
  providers_json TEXT NOT NULL DEFAULT '[]',         -- JSON arrays of ids; empty: whichever
  tokens_json   TEXT NOT NULL DEFAULT '[]',
  -- What was uploaded, or the name of a module that was built in.
  bundled       TEXT,
  module_sha256 TEXT NOT NULL,                       -- of the bytes as they were uploaded, hexadecimal
  module_bytes  INTEGER NOT NULL,
  code_sha256   TEXT,                                -- of the bytes that run: the same with their time counted
  described_json TEXT NOT NULL,                      -- what the module says of itself
  version       INTEGER NOT NULL DEFAULT 1,
  created_at    INTEGER NOT NULL,
  updated_at    INTEGER NOT NULL,
  UNIQUE (project_id, name_key),
  CHECK ((bundled IS NULL) = (code_sha256 IS NOT NULL))
) STRICT;
CREATE INDEX extensions_in_order ON extensions (project_id, position, created_at, id);
CREATE INDEX extensions_by_age ON extensions (project_id, created_at, id);
CREATE INDEX extensions_by_code ON extensions (code_sha256) WHERE code_sha256 IS NOT NULL;

-- Base64, in parts: a row of D1's holds 2 MB.
CREATE TABLE extension_modules (
  sha256     TEXT NOT NULL,
  part       INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  data       TEXT NOT NULL,
  PRIMARY KEY (sha256, part)
) STRICT, WITHOUT ROWID;
CREATE INDEX extension_modules_by_age ON extension_modules (created_at);

-- Those that have failed three times in a row in some isolate, and have not succeeded there since. Apart from their rows: it is
-- no change of the project's.
CREATE TABLE extension_failures (
  extension_id TEXT PRIMARY KEY REFERENCES extensions (id) ON DELETE CASCADE,
  since        INTEGER NOT NULL,
  failures     INTEGER NOT NULL,
  code         TEXT NOT NULL,
  message      TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TRIGGER extensions_inserted AFTER INSERT ON extensions
BEGIN UPDATE projects SET revision = revision + 1 WHERE id = NEW.project_id; END;
CREATE TRIGGER extensions_updated AFTER UPDATE ON extensions
BEGIN UPDATE projects SET revision = revision + 1 WHERE id = NEW.project_id; END;
CREATE TRIGGER extensions_deleted AFTER DELETE ON extensions
BEGIN UPDATE projects SET revision = revision + 1 WHERE id = OLD.project_id; END;
