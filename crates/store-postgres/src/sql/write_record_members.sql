-- The lists that gain or lose members, once for each of these records; their counts are written with all others, last.
SELECT list_id FROM list_entry WHERE team_no = $1 AND record_id = ANY ($2) ORDER BY list_id
