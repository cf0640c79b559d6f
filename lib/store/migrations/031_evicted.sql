-- The end of a workflow at which everybody was taken out; its Entry Trigger names it again at each start.
ALTER TABLE workflows ADD COLUMN evicted_at timestamptz;
