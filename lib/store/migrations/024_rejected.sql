-- Refused input that was sent in again and refused again.
ALTER TABLE rejected ADD COLUMN tries int NOT NULL DEFAULT 0, ADD COLUMN tried_at timestamptz;

-- What an operator looks at of the last day: messages skipped and let through, and dates of schedules that were missed.
CREATE INDEX journal_skipped ON journal (at) WHERE kind = 'skipped';
CREATE INDEX deliveries_claimed ON deliveries USING brin (claimed_at) WITH (pages_per_range = 16, autosummarize = on);
CREATE INDEX runs_missed ON runs (ended_at) WHERE state = 'missed';
