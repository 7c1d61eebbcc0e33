SELECT list.id AS list_id, property_option.object_type, property, property_option.id, slug, value, sort_index
FROM property_option LEFT JOIN list USING (list_no)
WHERE property_option.team_no = ?1
ORDER BY option_no
