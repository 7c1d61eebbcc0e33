SELECT key_secret, gen_random_uuid() AS random, gen_random_uuid() AS first_upload,
    EXISTS (SELECT 1 FROM copy_progress) AS is_being_copied
FROM installation
