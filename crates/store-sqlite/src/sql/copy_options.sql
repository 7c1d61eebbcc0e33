SELECT option_no, 0, team.id, ifnull(list.id, zeroblob(16)), property_option.object_type, property, slug,
    property_option.id, value, sort_index, color_scheme, description, property_option.icon, option_group, state,
    made_by
FROM property_option
JOIN team USING (team_no)
LEFT JOIN list USING (list_no)
WHERE (option_no, 0) > (?1, ?2)
ORDER BY option_no
LIMIT ?3
