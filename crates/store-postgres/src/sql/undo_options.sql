SELECT list_id, object_type, property, id, slug, value, sort_index, color_scheme, description, icon, option_group, state
FROM property_option
WHERE team_no = $1 AND made_by = $2
ORDER BY option_no
