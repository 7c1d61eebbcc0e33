-- First and further holders in one statement: both tables as of one moment.
SELECT hash, record_id FROM key_holder WHERE team_no = $1 AND hash = ANY ($2)
UNION ALL
SELECT hash, record_id FROM key_holder_more WHERE team_no = $1 AND hash = ANY ($2)
