-- Sorted first, then locked in that order.
SELECT held.hash, held.record_id
FROM (SELECT DISTINCT unnest($2::uuid[]) AS hash ORDER BY hash) AS named
CROSS JOIN LATERAL (
    SELECT hash, record_id FROM key_holder WHERE team_no = $1 AND key_holder.hash = named.hash FOR UPDATE
) AS held
