-- A trait goes at once, and what it has counted in pages: two million rows deleted with it would hold up whoever sends events.
ALTER TABLE profile_traits DROP CONSTRAINT profile_traits_trait_id_fkey;
CREATE INDEX profile_traits_trait ON profile_traits (trait_id, profile_id);
