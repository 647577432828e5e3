-- What reading the audit log takes: whom a token acted for, and an order across projects, which retention goes by, too.
-- And the answers that a repeated `Idempotency-Key` gets again: a row is written in the batch of its change.

ALTER TABLE audit_log ADD COLUMN user_id TEXT;
CREATE INDEX audit_log_by_age ON audit_log (created_at, id);

CREATE TABLE idempotency_keys (
  id          TEXT PRIMARY KEY,                   -- SHA-256 of the principal and the client's key, hexadecimal
  created_at  INTEGER NOT NULL,
  request_id  TEXT NOT NULL,                      -- of the request that made the change
  fingerprint TEXT NOT NULL,                      -- SHA-256 of what was sent: the same key with another request is refused
  answer      TEXT NOT NULL                       -- sealed: v1.<key id>.<nonce and ciphertext>
) STRICT;
CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at);
