-- ── consent for a purpose, with its history ─────────────────────────────────────────────────────────────────────
-- In profiles.consent a key is a channel, which means all purposes, or `channel/purpose`.

-- What holds for a purpose on a channel, {state, at}; null: nothing was said. What was said of the purpose goes before what
-- was said of the whole channel, but a later refusal of the whole channel takes everything back.
CREATE FUNCTION consent_in_force(consent jsonb, channel text, purpose text) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
	SELECT CASE
		WHEN consent -> (channel || '/' || purpose) IS NULL THEN consent -> channel
		WHEN consent #>> ARRAY[channel, 'state'] = 'denied'
			AND (consent #>> ARRAY[channel, 'at'])::numeric > (consent #>> ARRAY[channel || '/' || purpose, 'at'])::numeric THEN consent -> channel
		ELSE consent -> (channel || '/' || purpose) END
$$;

-- Every change of a consent: it proves what somebody allowed and when, so only an erasure deletes it.
CREATE TABLE consents (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	profile_id bigint NOT NULL,
	channel text NOT NULL,
	purpose text NOT NULL,                                    -- empty: the whole channel
	before text CHECK (before IN ('granted', 'denied')),      -- null: nothing was known
	state text NOT NULL CHECK (state IN ('granted', 'denied')),
	holds boolean NOT NULL,                                   -- false: something newer was known already
	at timestamptz NOT NULL,                                  -- when the person said so
	recorded_at timestamptz NOT NULL,
	source text NOT NULL,                                     -- the door it came in by
	reference text                                            -- id of the message that said so
);
CREATE INDEX consents_profile ON consents (profile_id, at);
INSERT INTO consents (profile_id, channel, purpose, state, holds, at, recorded_at, source)
	SELECT p.id, key, '', value->>'state', true, to_timestamp((value->>'at')::numeric / 1000), now(), 'before history was kept'
	FROM profiles p, jsonb_each(p.consent) WHERE p.merged_into IS NULL;

CREATE VIEW report_consents AS
	SELECT profile_id AS profile, channel, purpose, before, state, holds, at AS said_at, recorded_at, source, reference FROM consents;

-- What a journey says about people of whom no consent is known; null: as the settings say.
ALTER TABLE journeys ADD COLUMN unknown_consent text CHECK (unknown_consent IN ('skip', 'send'));

-- The editor suggests purposes, too.
ALTER TABLE catalog DROP CONSTRAINT catalog_kind_check;
ALTER TABLE catalog ADD CONSTRAINT catalog_kind_check CHECK (kind IN ('event', 'property', 'attribute', 'tag', 'purpose'));
