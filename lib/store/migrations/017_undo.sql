-- Which publish moved somebody, by when it was first seen, and when they were brought back.
ALTER TABLE moves ADD COLUMN published_at timestamptz, ADD COLUMN returned_at timestamptz;
