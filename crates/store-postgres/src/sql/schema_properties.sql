SELECT list_id, object_type, slug, id, name, type, native, required, archived, icon, role_id
FROM property
WHERE team_no = $1
ORDER BY property_no
