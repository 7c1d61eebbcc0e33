SELECT list.id, list.name, object_type, template, icon, list.created_at
FROM list JOIN team USING (team_no)
WHERE team.id = $1
ORDER BY list.created_at, list_no
