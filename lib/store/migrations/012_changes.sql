-- ── what a publish does to people who wait ──────────────────────────────────────────────────────────────────────
-- Of a step that is gone they go to another one and begin to wait there, by what it says then.
ALTER TABLE instances DROP CONSTRAINT instances_wake_check;
ALTER TABLE instances ADD CONSTRAINT instances_wake_check CHECK (wake IN ('time', 'event', 'goal', 'batch', 'entry', 'move'));

-- Where they were and what they waited for, so that it can be undone. Kept for a week.
CREATE TABLE moves (
	instance_id bigint PRIMARY KEY,
	step_id int NOT NULL REFERENCES steps,
	target_id int NOT NULL REFERENCES steps,
	visit int NOT NULL,
	moved_at timestamptz NOT NULL,
	wait jsonb NOT NULL
);
CREATE INDEX moves_age ON moves (moved_at);

-- Whether anybody waits at a step without a limit of its own: those with one are found by the index of what is due.
CREATE INDEX instances_unlimited ON instances (step_id) WHERE status = 'waiting' AND expires;
