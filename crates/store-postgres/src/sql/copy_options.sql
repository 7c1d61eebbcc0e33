SELECT team.id, list_id, object_type, property, slug, property_option.id, value, sort_index, color_scheme, description,
    icon, option_group, state, made_by
FROM property_option JOIN team USING (team_no)
