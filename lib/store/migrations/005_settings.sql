-- ── what operators say ──────────────────────────────────────────────────────────────────────────────────────────
-- Only what was changed: the others have the values that `core/settings.ts` gives them.
CREATE TABLE settings (
	name text PRIMARY KEY,
	value jsonb NOT NULL,
	changed_at timestamptz NOT NULL,
	changed_by text NOT NULL
);

-- Who said what: settings, pauses, and everything else that an operator does. Kept as long as the journal.
CREATE TABLE acts (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	at timestamptz NOT NULL,
	what text NOT NULL,
	who text NOT NULL,
	journey_id int REFERENCES journeys,
	detail jsonb NOT NULL
);
CREATE INDEX acts_age ON acts (at);
CREATE INDEX acts_journey ON acts (journey_id, at) WHERE journey_id IS NOT NULL;

-- n8n's own zone, of a journey that names none: the setting goes before it. Null: the journey names its own.
ALTER TABLE journeys ADD COLUMN n8n_zone text;
