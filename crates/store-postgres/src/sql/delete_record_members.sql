-- The lists that lose a member; their counts are written with all others, last.
SELECT list_id FROM list_entry WHERE team_no = $1 AND record_id = $2 ORDER BY list_id
