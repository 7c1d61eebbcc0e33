SELECT staged FROM job WHERE ended_at IS NULL AND staged IS NOT NULL
