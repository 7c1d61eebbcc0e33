SELECT key_secret, gen_random_uuid() AS random, gen_random_uuid() AS first_upload FROM installation
