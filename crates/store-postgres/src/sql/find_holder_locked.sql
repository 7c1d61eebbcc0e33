-- Sorted first, then locked in that order.
SELECT hash, record_id FROM key_holder WHERE team_no = $1 AND hash = ANY ($2) ORDER BY hash FOR UPDATE
