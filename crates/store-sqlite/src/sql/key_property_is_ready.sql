SELECT count(*)
FROM keyed_property JOIN team USING (team_no)
WHERE team.id = ?1 AND object_type = ?2 AND slug = ?3 AND state = 'ready'
