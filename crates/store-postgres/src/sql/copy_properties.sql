SELECT team.id, list_id, object_type, slug, property.id, property.name, type, native, required, archived, icon, role_id
FROM property JOIN team USING (team_no)
