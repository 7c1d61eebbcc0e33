SELECT coalesce(sum(members), 0)::bigint AS count
FROM list_count JOIN list ON list.team_no = list_count.team_no AND list.id = list_count.list_id
WHERE list_count.team_no = $1 AND object_type = $2 AND list_id = $3
