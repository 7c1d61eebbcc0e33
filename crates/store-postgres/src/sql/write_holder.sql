UPDATE key_holder SET record_id = moved.record_id
FROM unnest($2::uuid[], $3::uuid[]) AS moved (hash, record_id)
WHERE team_no = $1 AND key_holder.hash = moved.hash
