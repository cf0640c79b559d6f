-- Who was erased: whoever knew the profile and waited for its match lock finds out by it, as by merged_into.
ALTER TABLE profiles ADD COLUMN erased_at timestamptz;
DROP INDEX profiles_merged;
CREATE INDEX profiles_gone ON profiles (id) WHERE merged_into IS NOT NULL OR erased_at IS NOT NULL;
