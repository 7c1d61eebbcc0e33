-- In the order of the arrays, which option_no then keeps.
INSERT INTO property_option (team_no, object_type, list_id, property, id, slug, value, sort_index)
SELECT $1, $2, made.list_id, made.property, made.id, made.slug, made.value, made.sort_index
FROM unnest($3::uuid[], $4::text[], $5::uuid[], $6::text[], $7::text[], $8::bigint[])
    WITH ORDINALITY AS made (list_id, property, id, slug, value, sort_index, place)
ORDER BY place
