-- For queries: dates as texts that sort as instants do, to the byte what the program makes of them
-- (instant_order_text): seconds since two days before 0001-01-01T00:00:00Z in twelve digits, then '.' and the digits of the
-- fraction, if there is one, without zeros at its end. NULL for what is no date.
CREATE FUNCTION refract_instant(written text) RETURNS text
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $function$
DECLARE
    part text[] := regexp_match(
        written COLLATE "C",
        '^([0-9]{4})-([0-9]{2})-([0-9]{2})(?:[Tt]([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]+))?(?:[Zz]|([+-])([0-9]{2}):([0-9]{2})))?$'
    );
    seconds bigint;
    zone bigint;
BEGIN
    IF part IS NULL OR part[1] = '0000' OR NOT part[2] BETWEEN '01' AND '12' OR part[3] = '00'
        OR part[4] > '23' OR part[5] > '59' OR part[6] > '59' OR part[9] > '23' OR part[10] > '59' THEN
        RETURN NULL;
    END IF;
    -- The first of the month is always a date.
    IF part[3]::integer > extract(
        DAY FROM make_date(part[1]::integer, part[2]::integer, 1) + interval '1 month -1 day'
    ) THEN
        RETURN NULL;
    END IF;
    seconds := (make_date(part[1]::integer, part[2]::integer, part[3]::integer) - DATE '0001-01-01') * 86400::bigint
        + 172800;
    IF part[4] IS NOT NULL THEN
        zone := coalesce(part[9]::bigint * 3600 + part[10]::bigint * 60, 0);
        seconds := seconds + part[4]::bigint * 3600 + part[5]::bigint * 60 + part[6]::bigint
            - CASE part[8] WHEN '-' THEN -zone ELSE zone END;
    END IF;
    RETURN lpad(seconds::text, 12, '0') || coalesce('.' || nullif(rtrim(part[7], '0'), ''), '');
END
$function$;
