-- ── segments: audiences with a name, and who joined and left them when ───────────────────────────────────────────
CREATE TABLE segments (
	id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	name text NOT NULL UNIQUE,
	rule jsonb NOT NULL,
	zone text NOT NULL,
	refresh_minutes int NOT NULL CHECK (refresh_minutes >= 1),
	refresh_at timestamptz NOT NULL,
	refreshed_at timestamptz,
	size int NOT NULL DEFAULT 0,
	error text,
	created_at timestamptz NOT NULL
);
CREATE INDEX segments_refresh ON segments (refresh_at);
CREATE TABLE segment_members (
	profile_id bigint NOT NULL,
	segment_id int NOT NULL REFERENCES segments ON DELETE CASCADE,
	joined_at timestamptz NOT NULL,
	left_at timestamptz,
	PRIMARY KEY (profile_id, segment_id, joined_at)
);
CREATE UNIQUE INDEX segment_members_now ON segment_members (segment_id, profile_id) WHERE left_at IS NULL;
CREATE INDEX segment_members_left ON segment_members (left_at) WHERE left_at IS NOT NULL;

CREATE VIEW report_segments AS
	SELECT name AS segment, size, rule, refresh_minutes, refreshed_at, refresh_at, error FROM segments;
CREATE VIEW report_segment_members AS
	SELECT s.name AS segment, m.profile_id AS profile, m.joined_at, m.left_at FROM segment_members m JOIN segments s ON s.id = m.segment_id;

-- ── traits: what is counted of each person as events arrive ─────────────────────────────────────────────────────
-- Until filled_to is null, events up to before_event are still being counted, profile by profile.
CREATE TABLE traits (
	id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	name text NOT NULL UNIQUE,
	event text NOT NULL,
	filter jsonpath,
	amount jsonpath,
	definition jsonb NOT NULL,
	before_event bigint NOT NULL,
	filled_to bigint DEFAULT 0,
	recency_cuts timestamptz[],
	frequency_cuts bigint[],
	monetary_cuts numeric[],
	scored_at timestamptz,
	created_at timestamptz NOT NULL
);
CREATE INDEX traits_event ON traits (event);
CREATE TABLE profile_traits (
	profile_id bigint NOT NULL,
	trait_id int NOT NULL REFERENCES traits ON DELETE CASCADE,
	count bigint NOT NULL,
	amounts bigint NOT NULL,
	total numeric NOT NULL,
	first_at timestamptz NOT NULL,
	last_at timestamptz NOT NULL,
	PRIMARY KEY (profile_id, trait_id)
) WITH (fillfactor = 85, autovacuum_vacuum_scale_factor = 0.05);

-- ── splits that people have come through, with the shares of their controls as they were last ────────────────────
CREATE TABLE splits (
	journey_id int NOT NULL REFERENCES journeys,
	key text NOT NULL,
	controls jsonb NOT NULL,
	PRIMARY KEY (journey_id, key)
);

-- ── names seen so far, which the editor suggests ─────────────────────────────────────────────────────────────────
CREATE TABLE catalog (
	kind text NOT NULL CHECK (kind IN ('event', 'property', 'attribute', 'tag')),
	event text NOT NULL DEFAULT '',
	name text NOT NULL,
	seen_at timestamptz NOT NULL,
	PRIMARY KEY (kind, event, name)
);

-- The first moment of a calendar day in a zone, so many days back. Of a midnight that comes twice Postgres takes the second;
-- an hour before it exists once, but for days that a zone left out. A zone that this database does not know must not stop
-- everybody: then the other one counts.
CREATE FUNCTION day_start(at timestamptz, days_back int, zone text, otherwise text) RETURNS timestamptz LANGUAGE plpgsql STABLE AS $$
DECLARE
	midnight timestamp;
BEGIN
	midnight := date_trunc('day', at AT TIME ZONE zone) - make_interval(days => days_back);
	RETURN least(midnight AT TIME ZONE zone, ((midnight - interval '1 hour') AT TIME ZONE zone) + interval '1 hour');
EXCEPTION WHEN invalid_parameter_value THEN
	RETURN day_start(at, days_back, CASE WHEN zone = otherwise THEN 'UTC' ELSE otherwise END, 'UTC');
END $$;
