SELECT keyed_no, 0, team.id, object_type, slug
FROM keyed_property JOIN team USING (team_no)
WHERE (keyed_no, 0) > (?1, ?2)
ORDER BY keyed_no
LIMIT ?3
