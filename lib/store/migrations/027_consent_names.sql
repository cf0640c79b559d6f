-- ── names of channels and purposes compare without case ─────────────────────────────────────────────────────────
-- Of two that become one, a refusal counts.
UPDATE profiles SET consent = (
	SELECT jsonb_object_agg(name, said) FROM (
		SELECT DISTINCT ON (lower(key)) lower(key) AS name, value AS said FROM jsonb_each(consent)
		ORDER BY lower(key), value ->> 'state' = 'denied' DESC, (value ->> 'at')::numeric DESC
	) of_each
) WHERE consent::text <> lower(consent::text);
UPDATE consents SET channel = lower(channel), purpose = lower(purpose) WHERE (channel, purpose) <> (lower(channel), lower(purpose));
