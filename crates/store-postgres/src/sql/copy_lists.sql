-- Members are counted in slots here.
SELECT team.id, list.id, object_type, list.name, template, icon, list.created_at, (
    SELECT coalesce(sum(members), 0)::bigint FROM list_count
    WHERE list_count.team_no = list.team_no AND list_id = list.id
)
FROM list JOIN team USING (team_no)
