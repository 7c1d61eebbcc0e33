SELECT list_id, object_type, property, id, slug, value, sort_index
FROM property_option
WHERE team_no = $1
ORDER BY option_no
