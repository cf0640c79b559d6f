-- Claimed again after it was unknown: it may have been sent, so its claim, with its key, is never taken back.
ALTER TABLE deliveries ADD COLUMN claimed_again boolean NOT NULL DEFAULT false;
