SELECT list.id AS list_id, property_option.object_type, property, property_option.id, slug, value, sort_index,
    color_scheme, description, property_option.icon, option_group, state
FROM property_option LEFT JOIN list USING (list_no)
WHERE property_option.team_no = ?1 AND made_by = ?2
ORDER BY option_no
