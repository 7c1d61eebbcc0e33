DELETE FROM key_holder_more
USING unnest($2::uuid[], $3::uuid[]) AS given_up (hash, record_id)
WHERE team_no = $1 AND key_holder_more.hash = given_up.hash AND key_holder_more.record_id = given_up.record_id
