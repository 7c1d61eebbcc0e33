-- Claims dedupe keys in the order of the arrays, which ascend; no row where somebody holds the key. Two transactions
-- that claim the same keys wait for each other in one direction only.
INSERT INTO key_holder (team_no, hash, record_id)
SELECT $1, wanted.hash, wanted.record_id FROM unnest($2::uuid[], $3::uuid[]) AS wanted (hash, record_id)
ON CONFLICT DO NOTHING
RETURNING hash
