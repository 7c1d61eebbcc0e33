SELECT list_no, 0, team.id, list.id, object_type, list.name, template, icon, list.created_at, members
FROM list JOIN team USING (team_no)
WHERE (list_no, 0) > (?1, ?2)
ORDER BY list_no
LIMIT ?3
