-- Attributes whose changes let people into a journey: asked at every write to a profile.
CREATE INDEX steps_watching ON steps (id) WHERE config ? 'watches';
