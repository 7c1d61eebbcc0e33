-- Of keys whose first holder gives them up: the next holder takes its place, or the key is nobody's. The rows of the
-- keys are locked, and further holders that give up are gone already.
WITH gone AS MATERIALIZED (
    SELECT given_up.hash, first.ctid, (
        SELECT more.record_id FROM key_holder_more AS more
        WHERE more.team_no = $1 AND more.hash = given_up.hash
        ORDER BY more.record_id
        LIMIT 1
    ) AS next_id
    FROM unnest($2::uuid[], $3::uuid[]) AS given_up (hash, record_id)
    CROSS JOIN LATERAL (
        SELECT ctid FROM key_holder
        WHERE team_no = $1 AND key_holder.hash = given_up.hash AND key_holder.record_id = given_up.record_id
        OFFSET 0
    ) AS first
), followed AS (
    UPDATE key_holder SET record_id = gone.next_id
    FROM gone
    WHERE key_holder.ctid = gone.ctid AND gone.next_id IS NOT NULL
), dropped AS (
    DELETE FROM key_holder USING gone
    WHERE key_holder.ctid = gone.ctid AND gone.next_id IS NULL
)
DELETE FROM key_holder_more USING (
    SELECT more.ctid
    FROM gone
    CROSS JOIN LATERAL (
        SELECT ctid FROM key_holder_more
        WHERE team_no = $1 AND key_holder_more.hash = gone.hash AND key_holder_more.record_id = gone.next_id
        OFFSET 0
    ) AS more
) AS first_now
WHERE key_holder_more.ctid = first_now.ctid
