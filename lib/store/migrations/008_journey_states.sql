-- ── what operators do to a journey; each null until they do ─────────────────────────────────────────────────────────
ALTER TABLE journeys
	ADD COLUMN opens_at timestamptz,  -- as its Entry Trigger says
	ADD COLUMN ends_at timestamptz,
	ADD COLUMN paused_at timestamptz,
	ADD COLUMN closed_at timestamptz, -- nobody enters
	ADD COLUMN archived_at timestamptz;

-- Those given up are few, and are what an operator looks for.
CREATE INDEX finished_failed ON finished (journey_id, ended_at) WHERE status = 'failed';
