SELECT record_id FROM key_holder WHERE team_no = $1 AND hash = ANY ($2)
UNION ALL
SELECT record_id FROM key_holder_more WHERE team_no = $1 AND hash = ANY ($2)
LIMIT $3
