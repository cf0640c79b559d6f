-- ── generations of a journey ────────────────────────────────────────────────────────────────────────────────────
-- Several workflows may have one journey key: a copy with the same key is the next generation, and takes the entries.
ALTER TABLE workflows ADD COLUMN joined_at timestamptz; -- since when it has been of its journey; null: since before this was kept

-- The Entry Trigger that lets people in: of those that listen the newest, else the newest.
ALTER TABLE journeys ADD COLUMN entrance int;
CREATE INDEX journeys_entrance ON journeys (entrance);
UPDATE journeys j SET entrance = (
	SELECT s.id FROM workflows w JOIN steps s ON s.workflow = w.id AND s.kind = 'entry' WHERE w.journey_id = j.id ORDER BY s.state = 'on' DESC, s.id DESC LIMIT 1
);

-- The generation that somebody is in, or was held out of: its goals are theirs. Null: not known.
ALTER TABLE enrolments ADD COLUMN workflow int;
UPDATE enrolments en SET workflow = s.workflow FROM instances i JOIN steps s ON s.id = i.step_id WHERE i.id = en.instance_id;
UPDATE enrolments en SET workflow = s.workflow FROM finished f JOIN steps s ON s.id = f.step_id WHERE f.id = en.instance_id AND en.workflow IS NULL;
