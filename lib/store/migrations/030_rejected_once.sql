-- Refused input that has an id of its own, as an entry of a Redis stream has, is kept once, however often it is read.
DELETE FROM rejected r USING rejected earlier
	WHERE earlier.source = r.source AND earlier.message_id = r.message_id AND earlier.id < r.id;
CREATE UNIQUE INDEX rejected_once ON rejected (message_id, source) WHERE message_id IS NOT NULL;
