UPDATE property_option SET made_by = $2
FROM unnest($4::uuid[], $5::text[], $6::text[]) AS made (list_id, property, slug)
WHERE team_no = $1 AND object_type = $3 AND property_option.list_id = made.list_id
    AND property_option.property = made.property AND property_option.slug = made.slug
