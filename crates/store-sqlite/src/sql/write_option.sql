-- One that is there, deleted or not, becomes what this one is.
INSERT INTO property_option (
    team_no, list_no, object_type, property, id, slug, value, sort_index,
    color_scheme, description, icon, option_group, state
)
VALUES (
    ?1, (SELECT list_no FROM list WHERE team_no = ?1 AND id = ?2), ?3, ?4, ?5, ?6, ?7, ?8,
    ?9, ?10, ?11, ?12, ?13
)
ON CONFLICT (team_no, object_type, property, slug, ifnull(list_no, 0)) DO UPDATE SET
    id = excluded.id, value = excluded.value, sort_index = excluded.sort_index, color_scheme = excluded.color_scheme,
    description = excluded.description, icon = excluded.icon, option_group = excluded.option_group,
    state = excluded.state, made_by = NULL
