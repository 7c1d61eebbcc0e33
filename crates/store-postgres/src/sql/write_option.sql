-- In the order of the arrays, which option_no then keeps. One that is there, deleted or not, becomes what this one is.
INSERT INTO property_option (
    team_no, object_type, list_id, property, id, slug, value, sort_index,
    color_scheme, description, icon, option_group, state
)
SELECT $1, $2, made.list_id, made.property, made.id, made.slug, made.value, made.sort_index,
    made.color_scheme, made.description, made.icon, made.option_group, made.state
FROM unnest(
    $3::uuid[], $4::text[], $5::uuid[], $6::text[], $7::text[], $8::bigint[],
    $9::text[], $10::text[], $11::text[], $12::text[], $13::text[]
) WITH ORDINALITY AS made (
    list_id, property, id, slug, value, sort_index, color_scheme, description, icon, option_group, state, place
)
ORDER BY place
ON CONFLICT (team_no, object_type, property, slug, list_id) DO UPDATE SET
    id = excluded.id, value = excluded.value, sort_index = excluded.sort_index, color_scheme = excluded.color_scheme,
    description = excluded.description, icon = excluded.icon, option_group = excluded.option_group,
    state = excluded.state, made_by = NULL
