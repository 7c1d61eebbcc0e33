SELECT count(*) > 0 AS is_ready
FROM keyed_property
WHERE team_no = $1 AND object_type = $2 AND slug = $3 AND state = 'ready'
