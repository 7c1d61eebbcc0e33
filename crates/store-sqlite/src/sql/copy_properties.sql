SELECT property_no, 0, team.id, ifnull(list.id, zeroblob(16)), property.object_type, slug, property.id, property.name,
    type, native, required, archived, property.icon, role_id
FROM property
JOIN team USING (team_no)
LEFT JOIN list USING (list_no)
WHERE (property_no, 0) > (?1, ?2)
ORDER BY property_no
LIMIT ?3
