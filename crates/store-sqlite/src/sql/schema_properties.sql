SELECT list.id AS list_id, property.object_type, slug, property.id, property.name, type, native, required, archived,
    property.icon, role_id
FROM property LEFT JOIN list USING (list_no)
WHERE property.team_no = ?1
ORDER BY property_no
