-- What a roll-up has to keep so that totals are the same before and after their rows are gone: the names that calls
-- went by (the latest), and how many calls were estimated or had no known price. Nothing was rolled up before this.

ALTER TABLE usage_daily ADD COLUMN provider_name TEXT;
ALTER TABLE usage_daily ADD COLUMN model TEXT;
ALTER TABLE usage_daily ADD COLUMN estimated_calls INTEGER NOT NULL DEFAULT 0;
ALTER TABLE usage_daily ADD COLUMN unpriced_calls INTEGER NOT NULL DEFAULT 0;

CREATE INDEX usage_daily_for_retention ON usage_daily (day);
