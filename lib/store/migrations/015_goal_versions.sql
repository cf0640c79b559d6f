-- A goal is fixed once it is live: what changes its event, filters or settings is its next version, and what was reached
-- before stays with the version that it was reached by.
ALTER TABLE steps ADD COLUMN version int NOT NULL DEFAULT 1;
ALTER TABLE conversions ADD COLUMN version int NOT NULL DEFAULT 1;
CREATE OR REPLACE VIEW report_conversions AS
	SELECT j.key AS journey, s.name AS goal, c.profile_id AS profile, c.instance_id AS instance, c.converted_at, c.first, c.value, c.currency,
		c.held_out, c.version
	FROM conversions c JOIN journeys j ON j.id = c.journey_id JOIN steps s ON s.id = c.step_id;

-- Waits for somebody to be in a segment.
ALTER TABLE conditions DROP CONSTRAINT conditions_kind_check;
ALTER TABLE conditions ADD CONSTRAINT conditions_kind_check CHECK (kind IN ('event', 'attribute', 'message', 'segment', 'date'));
