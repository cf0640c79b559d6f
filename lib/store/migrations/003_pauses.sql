-- ── pauses: times in which nobody moves ─────────────────────────────────────────────────────────────────────────
-- After a restoration: what happened after the backup was taken is not known, messages among it. Kept for good.
CREATE TABLE pauses (
	id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	reason text NOT NULL CHECK (reason IN ('restored', 'moved')),
	since timestamptz NOT NULL,
	backup_at timestamptz,
	moved_to text,
	ended_at timestamptz,
	answer text CHECK (answer IN ('skip', 'go_on')),
	CHECK ((reason = 'restored') = (backup_at IS NOT NULL)),
	CHECK ((reason = 'moved') = (moved_to IS NOT NULL)),
	CHECK ((ended_at IS NULL) = (answer IS NULL))
);
CREATE UNIQUE INDEX pauses_open ON pauses ((true)) WHERE ended_at IS NULL;
