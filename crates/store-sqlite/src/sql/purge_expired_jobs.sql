SELECT job_no, kept FROM job WHERE ended_at <= ?1 AND created_at <= ?2 ORDER BY ended_at LIMIT ?3
