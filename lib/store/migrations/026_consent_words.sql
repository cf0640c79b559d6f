-- ── what becomes of consent, word by word ───────────────────────────────────────────────────────────────────────

-- Consent before and after each of some words, {key, state, at, stamped, split}, in their order. The newest word holds. A
-- stamped one was only carried along by a call: as a grant it says nothing where something is known of its key, or the
-- whole channel is denied. Split: the same stamp denies the channel and grants a purpose on it, which saying it again must
-- not take back.
CREATE FUNCTION consent_told(consent jsonb, words jsonb) RETURNS TABLE (ordinal bigint, word jsonb, before jsonb, after jsonb) LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
	key text;
	known jsonb;
BEGIN
	after := consent;
	FOR word, ordinal IN SELECT one.value, one.ordinality FROM jsonb_array_elements(words) WITH ORDINALITY one LOOP
		before := after;
		key := word ->> 'key';
		known := before -> key;
		IF coalesce((known ->> 'at')::numeric, 0) <= (word ->> 'at')::numeric AND (CASE
			WHEN NOT (word -> 'stamped')::boolean THEN true
			WHEN word ->> 'state' = 'granted' THEN known IS NULL
				AND consent_in_force(before, split_part(key, '/', 1), substr(key, strpos(key || '/', '/') + 1)) ->> 'state' IS DISTINCT FROM 'denied'
			ELSE NOT ((word -> 'split')::boolean AND coalesce(known ->> 'state', '') = 'denied') END)
		THEN
			after := before || jsonb_build_object(key, jsonb_build_object('state', word -> 'state', 'at', word -> 'at'));
		END IF;
		RETURN NEXT;
	END LOOP;
END
$$;
