-- Everything of SPEC sections 2 to 6: the tenant, what it registers, who may use it, and what was used.
--
-- Conventions. Ids are text (prefix + 16 base62). Times are milliseconds since the epoch. Booleans are 0 and 1.
-- Money is whole nano-dollars; a price is nano-dollars per million tokens. `*_key` columns are the lower-cased names
-- that uniqueness goes by, because SQLite's NOCASE knows ASCII only. `version` counts a row's writes, so that a write
-- can demand the row it read. `*_json` columns hold JSON that was validated before it came here.

CREATE TABLE projects (
  id         TEXT PRIMARY KEY,
  name       TEXT NOT NULL,
  name_key   TEXT NOT NULL UNIQUE,
  -- Counts every change that a call could notice: an isolate's snapshot is current while this stands still.
  revision   INTEGER NOT NULL DEFAULT 1,
  version    INTEGER NOT NULL DEFAULT 1,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT;

-- Sixteen hexadecimal digits are base62, too.
INSERT INTO projects (id, name, name_key, created_at, updated_at)
SELECT 'prj_' || lower(hex(randomblob(8))), 'default', 'default', now, now
FROM (SELECT CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER) AS now);

CREATE TABLE users (
  id         TEXT PRIMARY KEY,
  project_id TEXT NOT NULL REFERENCES projects (id),
  name       TEXT NOT NULL,
  name_key   TEXT NOT NULL,
  email      TEXT,
  role       TEXT NOT NULL DEFAULT 'member' CHECK (role IN ('admin', 'member', 'viewer')),
  disabled   INTEGER NOT NULL DEFAULT 0 CHECK (disabled IN (0, 1)),
  version    INTEGER NOT NULL DEFAULT 1,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  UNIQUE (project_id, name_key),
  UNIQUE (project_id, id)
) STRICT;
CREATE INDEX users_by_age ON users (project_id, created_at, id);

CREATE TABLE secrets (
  id         TEXT PRIMARY KEY,
  project_id TEXT NOT NULL REFERENCES projects (id),
  name       TEXT NOT NULL,
  name_key   TEXT NOT NULL,
  value      TEXT NOT NULL,                       -- sealed: v1.<key id>.<nonce and ciphertext>
  hint       TEXT,
  version    INTEGER NOT NULL DEFAULT 1,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  UNIQUE (project_id, name_key),
  UNIQUE (project_id, id)
) STRICT;
CREATE INDEX secrets_by_age ON secrets (project_id, created_at, id);

CREATE TABLE providers (
  id                TEXT PRIMARY KEY,
  project_id        TEXT NOT NULL REFERENCES projects (id),
  name              TEXT NOT NULL,
  name_key          TEXT NOT NULL,
  kind              TEXT NOT NULL,
  protocol          TEXT,
  auth_method       TEXT,
  base_url          TEXT,
  openai_api_mode   TEXT,
  -- Where the credential is: nowhere yet, keyless on purpose, sealed here, or in a linked secret.
  credential_source TEXT NOT NULL CHECK (credential_source IN ('unset', 'keyless', 'inline', 'headers', 'secret')),
  credential        TEXT,                         -- sealed, for `inline` and `headers`
  credential_hint   TEXT,
  header_names_json TEXT NOT NULL DEFAULT '[]',
  secret_id         TEXT,
  advanced_json     TEXT,
  enabled           INTEGER NOT NULL DEFAULT 1 CHECK (enabled IN (0, 1)),
  version           INTEGER NOT NULL DEFAULT 1,
  created_at        INTEGER NOT NULL,
  updated_at        INTEGER NOT NULL,
  UNIQUE (project_id, name_key),
  UNIQUE (project_id, id),
  FOREIGN KEY (project_id, secret_id) REFERENCES secrets (project_id, id),
  CHECK ((credential IS NOT NULL) = (credential_source IN ('inline', 'headers'))),
  CHECK ((secret_id IS NOT NULL) = (credential_source = 'secret'))
) STRICT;
CREATE INDEX providers_by_age ON providers (project_id, created_at, id);
CREATE INDEX providers_by_secret ON providers (project_id, secret_id) WHERE secret_id IS NOT NULL;

CREATE TABLE models (
  id                TEXT PRIMARY KEY,
  project_id        TEXT NOT NULL REFERENCES projects (id),
  provider_id       TEXT,                         -- null: orphaned, its provider was deleted with ?models=orphan
  model             TEXT NOT NULL,                -- the upstream's name
  model_key         TEXT NOT NULL,
  name              TEXT,                         -- the public name
  name_key          TEXT,
  priority          INTEGER NOT NULL DEFAULT 0,
  is_default        INTEGER NOT NULL DEFAULT 0 CHECK (is_default IN (0, 1)),
  enabled           INTEGER NOT NULL DEFAULT 1 CHECK (enabled IN (0, 1)),
  tags_json         TEXT NOT NULL DEFAULT '[]',
  when_json         TEXT,
  weight            REAL NOT NULL DEFAULT 1 CHECK (weight > 0),
  fallbacks_json    TEXT NOT NULL DEFAULT '[]',
  advanced_json     TEXT,
  multiplier        INTEGER NOT NULL DEFAULT 1000000 CHECK (multiplier > 0),     -- millionths
  price_input       INTEGER CHECK (price_input >= 0),
  price_output      INTEGER CHECK (price_output >= 0),
  price_cache_write INTEGER CHECK (price_cache_write >= 0),
  price_cache_read  INTEGER CHECK (price_cache_read >= 0),
  capabilities_json TEXT,
  version           INTEGER NOT NULL DEFAULT 1,
  created_at        INTEGER NOT NULL,
  updated_at        INTEGER NOT NULL,
  UNIQUE (provider_id, model_key),
  UNIQUE (project_id, name_key),
  FOREIGN KEY (project_id, provider_id) REFERENCES providers (project_id, id),
  CHECK ((name IS NULL) = (name_key IS NULL))
) STRICT;
CREATE UNIQUE INDEX models_one_default ON models (provider_id) WHERE is_default = 1 AND provider_id IS NOT NULL;
CREATE INDEX models_by_age ON models (project_id, created_at, id);
CREATE INDEX models_by_provider ON models (provider_id, created_at, id);

-- A user's own key at a provider; goes with the provider and with the user.
CREATE TABLE user_provider_keys (
  id          TEXT PRIMARY KEY,
  project_id  TEXT NOT NULL REFERENCES projects (id),
  user_id     TEXT NOT NULL,
  provider_id TEXT NOT NULL,
  credential  TEXT NOT NULL,                      -- sealed
  hint        TEXT,
  version     INTEGER NOT NULL DEFAULT 1,
  created_at  INTEGER NOT NULL,
  updated_at  INTEGER NOT NULL,
  UNIQUE (user_id, provider_id),
  FOREIGN KEY (project_id, user_id) REFERENCES users (project_id, id) ON DELETE CASCADE,
  FOREIGN KEY (project_id, provider_id) REFERENCES providers (project_id, id) ON DELETE CASCADE
) STRICT;
CREATE INDEX user_provider_keys_by_provider ON user_provider_keys (project_id, provider_id);

CREATE TABLE tokens (
  id                  TEXT PRIMARY KEY,
  project_id          TEXT NOT NULL REFERENCES projects (id),
  user_id             TEXT,
  name                TEXT NOT NULL,
  hash                TEXT NOT NULL UNIQUE,       -- SHA-256 of the whole token, hexadecimal
  hint                TEXT NOT NULL,
  role                TEXT CHECK (role IN ('admin', 'member', 'viewer')),
  policy_json         TEXT,
  allowed_models_json TEXT,                       -- selector globs; null: every model
  requests_per_minute INTEGER CHECK (requests_per_minute > 0),
  tokens_per_minute   INTEGER CHECK (tokens_per_minute > 0),
  budget_nano_usd     INTEGER CHECK (budget_nano_usd >= 0),
  budget_period       TEXT CHECK (budget_period IN ('day', 'month', 'total')),
  expires_at          INTEGER,
  disabled            INTEGER NOT NULL DEFAULT 0 CHECK (disabled IN (0, 1)),
  version             INTEGER NOT NULL DEFAULT 1,
  created_at          INTEGER NOT NULL,
  updated_at          INTEGER NOT NULL,
  FOREIGN KEY (project_id, user_id) REFERENCES users (project_id, id) ON DELETE CASCADE,
  CHECK ((role IS NULL) <> (policy_json IS NULL)),
  CHECK ((budget_nano_usd IS NULL) = (budget_period IS NULL))
) STRICT;
CREATE INDEX tokens_by_age ON tokens (project_id, created_at, id);
CREATE INDEX tokens_by_user ON tokens (project_id, user_id) WHERE user_id IS NOT NULL;

-- One row a call: what it consumed and what that cost. No foreign keys: usage outlives what was used, and a call in
-- flight may settle after its provider is gone.
CREATE TABLE usage (
  request_id         TEXT PRIMARY KEY,
  project_id         TEXT NOT NULL,
  created_at         INTEGER NOT NULL,
  token_id           TEXT,
  user_id            TEXT,
  provider_id        TEXT,
  provider_name      TEXT,
  model_id           TEXT,
  model              TEXT,
  requested_model    TEXT,
  protocol           TEXT NOT NULL,
  upstream_protocol  TEXT,
  streamed           INTEGER NOT NULL CHECK (streamed IN (0, 1)),
  status             INTEGER NOT NULL,
  error_code         TEXT,
  attempts           INTEGER NOT NULL,
  input_tokens       INTEGER NOT NULL,
  output_tokens      INTEGER NOT NULL,
  cache_read_tokens  INTEGER NOT NULL,
  cache_write_tokens INTEGER NOT NULL,
  reasoning_tokens   INTEGER NOT NULL,
  cost_nano_usd      INTEGER NOT NULL,
  billed_nano_usd    INTEGER NOT NULL,
  priced             INTEGER NOT NULL CHECK (priced IN (0, 1)),
  estimated          INTEGER NOT NULL CHECK (estimated IN (0, 1)),
  latency_ms         INTEGER NOT NULL,
  first_byte_ms      INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX usage_by_time ON usage (project_id, created_at, request_id);
CREATE INDEX usage_by_token ON usage (token_id, created_at) WHERE token_id IS NOT NULL;
CREATE INDEX usage_by_provider ON usage (project_id, provider_id, created_at);
CREATE INDEX usage_for_retention ON usage (created_at);

-- Each attempt of a call that needed more than one, or failed: what the operator reads at 3 a.m. No bodies.
CREATE TABLE request_attempts (
  request_id    TEXT NOT NULL,
  attempt       INTEGER NOT NULL,
  project_id    TEXT NOT NULL,
  created_at    INTEGER NOT NULL,
  provider_id   TEXT,
  model_id      TEXT,
  status        INTEGER,
  error_code    TEXT,
  error_message TEXT,
  latency_ms    INTEGER NOT NULL,
  PRIMARY KEY (request_id, attempt)
) STRICT, WITHOUT ROWID;
CREATE INDEX request_attempts_by_time ON request_attempts (project_id, created_at, request_id);
CREATE INDEX request_attempts_for_retention ON request_attempts (created_at);

-- What retention keeps of the usage rows it deletes.
CREATE TABLE usage_daily (
  project_id         TEXT NOT NULL,
  day                TEXT NOT NULL,               -- YYYY-MM-DD, UTC
  token_id           TEXT NOT NULL DEFAULT '',
  user_id            TEXT NOT NULL DEFAULT '',
  provider_id        TEXT NOT NULL DEFAULT '',
  model_id           TEXT NOT NULL DEFAULT '',
  calls              INTEGER NOT NULL,
  errors             INTEGER NOT NULL,
  input_tokens       INTEGER NOT NULL,
  output_tokens      INTEGER NOT NULL,
  cache_read_tokens  INTEGER NOT NULL,
  cache_write_tokens INTEGER NOT NULL,
  reasoning_tokens   INTEGER NOT NULL,
  cost_nano_usd      INTEGER NOT NULL,
  billed_nano_usd    INTEGER NOT NULL,
  PRIMARY KEY (project_id, day, token_id, user_id, provider_id, model_id)
) STRICT, WITHOUT ROWID;

-- Who changed what. Names fields, never values.
CREATE TABLE audit_log (
  id            TEXT PRIMARY KEY,
  project_id    TEXT,
  created_at    INTEGER NOT NULL,
  actor_id      TEXT NOT NULL,                    -- a token's id, or `root`
  actor_name    TEXT NOT NULL,
  action        TEXT NOT NULL,                    -- module:Operation
  resource_type TEXT NOT NULL,
  resource_id   TEXT NOT NULL,
  fields        TEXT NOT NULL,                    -- JSON array of field names
  address       TEXT,
  request_id    TEXT NOT NULL
) STRICT;
CREATE INDEX audit_log_by_time ON audit_log (project_id, created_at, id);
CREATE INDEX audit_log_by_resource ON audit_log (resource_id, created_at);

-- A batch that must find a row as it was read first inserts whether that holds: a zero breaks the CHECK and with it
-- the whole transaction. The batch deletes the row again, so that the table stays empty.
CREATE TABLE preconditions (
  holds INTEGER NOT NULL CONSTRAINT precondition_holds CHECK (holds = 1)
) STRICT;

-- The revision counts whatever a call could notice, whoever wrote it.
CREATE TRIGGER providers_inserted AFTER INSERT ON providers
BEGIN UPDATE projects SET revision = revision + 1 WHERE id = NEW.project_id; END;
CREATE TRIGGER providers_updated AFTER UPDATE ON providers
BEGIN UPDATE projects SET revision = revision + 1 WHERE id = NEW.project_id; END;
CREATE TRIGGER providers_deleted AFTER DELETE ON providers
BEGIN UPDATE projects SET revision = revision + 1 WHERE id = OLD.project_id; END;
CREATE TRIGGER models_inserted AFTER INSERT ON models
BEGIN UPDATE projects SET revision = revision + 1 WHERE id = NEW.project_id; END;
CREATE TRIGGER models_updated AFTER UPDATE ON models
BEGIN UPDATE projects SET revision = revision + 1 WHERE id = NEW.project_id; END;
CREATE TRIGGER models_deleted AFTER DELETE ON models
BEGIN UPDATE projects SET revision = revision + 1 WHERE id = OLD.project_id; END;
CREATE TRIGGER secrets_updated AFTER UPDATE ON secrets
BEGIN UPDATE projects SET revision = revision + 1 WHERE id = NEW.project_id; END;
CREATE TRIGGER user_provider_keys_inserted AFTER INSERT ON user_provider_keys
BEGIN UPDATE projects SET revision = revision + 1 WHERE id = NEW.project_id; END;
CREATE TRIGGER user_provider_keys_updated AFTER UPDATE ON user_provider_keys
BEGIN UPDATE projects SET revision = revision + 1 WHERE id = NEW.project_id; END;
CREATE TRIGGER user_provider_keys_deleted AFTER DELETE ON user_provider_keys
BEGIN UPDATE projects SET revision = revision + 1 WHERE id = OLD.project_id; END;
